"""Signs of work: what shows that a run, sampler or deployment did something at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from django.db.models import Max

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.figures.related import Key
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import Costed
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.stored_rows import split_into_batches


class Kind(IntEnum):
    """Of two signs at the same time, the one that says more is the greater."""

    CREATED = 0
    STATUS = 1
    CHECKPOINT = 2
    REQUESTS = 3
    GPU = 4


GPU, REQUESTS = Kind.GPU.name.lower(), Kind.REQUESTS.name.lower()
MEASURED = {GPU: Kind.GPU, REQUESTS: Kind.REQUESTS}  # by what `Deployment.worked_sign` holds


class Sign(NamedTuple):
    at: datetime
    kind: Kind


def find_signs(workspace: Workspace, rows: Iterable[Costed]) -> dict[Key, Sign]:
    """The latest of each row, in a fixed number of queries for some hundred rows. A status counts
    from when it was first seen: it may have changed before."""
    signs: dict[Key, list[Sign]] = defaultdict(list)
    ids: dict[type[Costed], set[str]] = defaultdict(set)
    for row in rows:
        ids[type(row)].add(row.remote_id)
        if created_at := getattr(row, "created_at", None):
            signs[type(row), row.remote_id].append(Sign(created_at, Kind.CREATED))
        if isinstance(row, Deployment) and row.worked_at:
            measured = Sign(row.worked_at, MEASURED[row.worked_sign])
            signs[Deployment, row.remote_id].append(measured)
    for model, every in ids.items():
        for some in split_into_batches(sorted(every)):
            changes = StatusChange.objects.filter(
                workspace=workspace, noun=model.noun, remote_id__in=some
            )
            newest = changes.order_by().values_list("remote_id").annotate(Max("first_seen_new_at"))
            for remote_id, at in newest:
                signs[model, remote_id].append(Sign(at, Kind.STATUS))
    for some in split_into_batches(sorted(ids[Run])):
        checkpoints = Checkpoint.objects.filter(
            workspace=workspace, run_remote_id__in=some, created_at__isnull=False
        )
        saved = checkpoints.order_by().values_list("run_remote_id").annotate(Max("created_at"))
        for remote_id, at in saved:
            signs[Run, remote_id].append(Sign(at, Kind.CHECKPOINT))
    return {key: max(found) for key, found in signs.items()}
