"""The triggers as they are now: SQLite refuses one more way to replace a row, PostgreSQL compares
what is written, not what it means."""

from django.db import migrations

from loopsweb.audit.chain import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_outcomes")]

    operations = [
        migrations.RunPython(append_only.remove_triggers, append_only.install_triggers, elidable=False),
        migrations.RunPython(append_only.install_triggers, append_only.remove_triggers, elidable=False),
    ]
