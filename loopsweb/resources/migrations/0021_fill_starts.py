"""Fills in the steps of checkpoints, and what was started from them as far as it is known."""

import re

from django.db import migrations

from loopsweb.loops_api.uris import CheckpointURI

STEP = re.compile(r"(?:\A|step)[-_ ]?0*([0-9]{1,18})\Z", re.IGNORECASE)
BATCH = 2000


def fill_steps(apps, schema_editor):
    rows = apps.get_model("resources", "Checkpoint").objects
    last = 0
    while some := list(rows.filter(pk__gt=last).order_by("pk").only("pk", "name")[:BATCH]):
        last = some[-1].pk
        stepped = []
        for row in some:
            if found := STEP.search(row.name):
                row.step = int(found[1])
                stepped.append(row)
        rows.bulk_update(stepped, ["step"], batch_size=500)


def find_uris(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from find_uris(each)
    elif isinstance(value, str) and value.lstrip().startswith("bt://"):
        try:
            yield CheckpointURI.parse(value)
        except ValueError:
            return


def fill_starts(apps, schema_editor):
    starts = apps.get_model("resources", "Start")

    def build(workspace_id, uri, **fields):
        return starts(
            workspace_id=workspace_id,
            from_run_id=uri.run_id[:255],
            target=uri.target,
            name=uri.name,
            **fields,
        )

    found = []
    for noun in ("run", "sampler"):
        for row in apps.get_model("resources", noun).objects.iterator(BATCH):
            found += [
                build(row.workspace_id, uri, noun=noun, remote_id=row.remote_id, source="reported")
                for uri in set(find_uris(row.raw))
                if uri.run_id != row.remote_id
            ]
    workspaces = dict(apps.get_model("accounts", "Workspace").objects.values_list("slug", "pk"))
    events = apps.get_model("audit", "Event").objects
    known = set(starts.objects.values_list("workspace_id", "noun", "remote_id"))
    created = events.filter(action__in=["run.create", "sampler.create"])
    ids = dict(created.filter(outcome="succeeded").values_list("incident", "target_id"))
    for event in created.filter(outcome="requested").iterator(BATCH):
        workspace_id, user_id = workspaces.get(event.workspace), ids.get(event.incident)
        if workspace_id and user_id and (workspace_id, event.target_noun, user_id) not in known:
            asked = (event.answer or {}).get("asked") or {}
            given = [asked.get(name) for name in ("path", "model_path", "checkpoint_path")]
            found += [
                build(workspace_id, uri, noun=event.target_noun, remote_id=user_id, source="requested")
                for uri in find_uris(given)
            ]
    starts.objects.bulk_create(found, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("audit", "0001_initial"),
        ("resources", "0020_starts_reported"),
    ]

    operations = [
        migrations.RunPython(fill_steps, migrations.RunPython.noop),
        migrations.RunPython(fill_starts, migrations.RunPython.noop),
    ]
