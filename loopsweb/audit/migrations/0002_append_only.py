from __future__ import annotations

from django.db import migrations

from loopsweb.audit.chain import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(append_only.install_triggers, append_only.remove_triggers, elidable=False)]
