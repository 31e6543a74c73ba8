from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("resources", "0006_texts")]

    operations = [
        migrations.AddField("pollstate", "refused_since", models.DateTimeField(null=True, blank=True)),
    ]
