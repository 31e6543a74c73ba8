from __future__ import annotations

from django.db import migrations, models

STATES = [
    ("waiting", "Waiting for approval"),
    ("due", "About to be sent"),
    ("requested", "Sent, no answer yet"),
    ("succeeded", "Accepted by the API"),
    ("unknown", "Outcome unknown"),
    ("refused", "Not deactivated"),
    ("confirmed", "Confirmed stopped"),
    ("ended", "Ended without being stopped"),
    ("lost", "No longer known"),
    ("declined", "Declined"),
    ("withdrawn", "Withdrawn"),
    ("expired", "Expired"),
]


class Migration(migrations.Migration):
    dependencies = [("resources", "0012_catalogue_teams")]

    operations = [
        migrations.AlterField(
            "deactivation", "state", models.CharField(choices=STATES, max_length=10)
        ),
    ]
