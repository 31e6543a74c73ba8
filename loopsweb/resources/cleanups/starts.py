"""What was started from checkpoints, and whether it has ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.snapshot.starts import Start

STARTED = ((Run, RUN), (Sampler, SAMPLER))
MAX_STARTS = 500
Place = tuple[str, str, str]  # run, target and name


def find_starts(workspace: Workspace) -> QuerySet[Any]:
    """Each Start with `has_ended`: whether that is known. Nothing says it of a model."""
    ended = Q()
    for model, vocabulary in STARTED:
        rows = model._default_manager.filter(
            workspace=OuterRef("workspace"),
            remote_id=OuterRef("remote_id"),
            status__in=vocabulary.terminal,
        )
        ended |= Q(Exists(rows), noun=model.noun)
    starts = Start.objects.filter(workspace=workspace)
    return starts.annotate(has_ended=Case(When(ended, then=True), default=False))


def find_starts_of(workspace: Workspace, rows: Sequence[Checkpoint]) -> dict[Place, list[Any]]:
    """{run, target and name: what was started from it}, what may still run first."""
    starts = find_starts(workspace).filter(
        from_run_id__in={row.run_remote_id for row in rows}, name__in={row.name for row in rows}
    )
    found = defaultdict[Place, dict[tuple[str, str], Any]](dict)
    for one in starts.order_by("has_ended", "noun", "remote_id", "source")[:MAX_STARTS]:
        place = (one.from_run_id, one.target, one.name)
        found[place].setdefault((one.noun, one.remote_id), one)
    return {place: list(started.values()) for place, started in found.items()}
