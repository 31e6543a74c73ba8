from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("resources", "0010_lift_requests")]

    operations = [
        migrations.CreateModel(
            "Heartbeat",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("clock_ahead", models.FloatField(default=0)),
            ],
        ),
    ]
