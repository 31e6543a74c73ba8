from django.db import migrations, models
from django.db.models import F


def ask_about_again(apps, schema_editor):
    """Those that were given up stay open otherwise: the worker asks once more and closes them."""
    removals = apps.get_model("resources", "Removal").objects
    removals.filter(state="unknown", ask_at=None).update(ask_at=F("state_since"))


class Migration(migrations.Migration):

    dependencies = [
        ("resources", "0026_checkpoints_still_syncing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="removal",
            name="state",
            field=models.CharField(
                choices=[
                    ("due", "Waiting to be sent"),
                    ("sent", "Sent, no answer yet"),
                    ("unknown", "Outcome unknown"),
                    ("done", "Done"),
                    ("refused", "Not done"),
                    ("lost", "No longer known"),
                    ("withdrawn", "Not sent"),
                ],
                default="due",
                max_length=10,
            ),
        ),
        migrations.RunPython(ask_about_again, migrations.RunPython.noop),
    ]
