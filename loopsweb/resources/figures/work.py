"""Signs of work: what shows that a run, sampler or deployment did something at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.figures.queries import select_changes, select_saved
from loopsweb.resources.figures.related import Key
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import Costed


class Kind(IntEnum):
    """Of two signs at the same time, the one that says more is the greater."""

    CREATED = 0
    STATUS = 1
    CHECKPOINT = 2
    REQUESTS = 3
    GPU = 4
    SERVING = 5  # it served requests when its metrics were last read
    BUSY = 6  # a GPU worked when its metrics were last read


GPU, REQUESTS = Kind.GPU.name.lower(), Kind.REQUESTS.name.lower()


class Sign(NamedTuple):
    at: datetime
    kind: Kind


def find_signs(workspace: Workspace, rows: Iterable[Costed]) -> dict[Key, Sign]:
    """The latest of each row, in a fixed number of queries for some hundred rows. A status counts
    from when it was first seen: it may have changed before. One that says that work ended does not
    count."""
    signs: dict[Key, list[Sign]] = defaultdict(list)
    ids: dict[type[Costed], set[str]] = defaultdict(set)
    for row in rows:
        ids[type(row)].add(row.remote_id)
        if created_at := getattr(row, "created_at", None):
            signs[type(row), row.remote_id].append(Sign(created_at, Kind.CREATED))
        if isinstance(row, Deployment) and row.worked_at:
            measured = Sign(row.worked_at, Kind[row.worked_sign.upper()])
            signs[Deployment, row.remote_id].append(measured)
    for model, every in ids.items():
        given: dict[str, Any] = {"workspace": workspace.pk, "ids": sorted(every)}
        at_rest = sorted(model.vocabulary.without_work) if model.vocabulary else []
        for remote_id, at in select_changes.fetch(noun=model.noun, at_rest=at_rest, **given):
            signs[model, remote_id].append(Sign(at, Kind.STATUS))
    for remote_id, at in select_saved.fetch(workspace=workspace.pk, ids=sorted(ids[Run])):
        signs[Run, remote_id].append(Sign(at, Kind.CHECKPOINT))
    return {key: max(found) for key, found in signs.items()}
