from __future__ import annotations

from functools import partial

from django.db import migrations

from loopsweb.audit.chain import append_only

install_triggers = partial(
    append_only.install_triggers,
    frozen=(
        "id", "workspace", "sequence", "previous", "digest", "commitments", "at", "action",
        "outcome", "incident", "role", "request_id", "key_label", "key_fingerprint", "target_noun",
        "target_id", "target_name", "answer",
    ),
    personal=("person", "address", "target_owner", "reason"),
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(install_triggers, append_only.remove_triggers, elidable=False)]
