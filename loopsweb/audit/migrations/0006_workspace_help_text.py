from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_ordered")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="workspace",
            field=models.CharField(help_text="The workspace's slug.", max_length=60),
        ),
    ]
