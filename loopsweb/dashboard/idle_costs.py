"""What has cost most since it last worked, and what would be lost by stopping it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum

from loopsweb.accounts.models import Workspace
from loopsweb.dashboard.totals import select_holders
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import run_of
from loopsweb.resources.figures.unsaved_work import UnsavedWork, find_unsaved_work
from loopsweb.resources.pages.idleness import IDLE_FROM, compute_cost, match_idle, observe
from loopsweb.resources.snapshot.models import REPORTED

SHOWN = 8
LOOKED_AT = 2000  # those that have been idle longest


@dataclass(frozen=True)
class IdleLine:
    """usd: what it has cost since it last worked, None where the price is unknown. safe: the newest
    trainer checkpoint of its run that is complete, can be loaded and does not expire. syncing: how
    many checkpoints of the run are not complete yet."""

    row: Deployment
    usd: Decimal | None
    safe: Checkpoint | None = None
    syncing: int = 0

    @property
    def run_id(self) -> str:
        return run_of(self.row)

    @property
    def unsaved_work(self) -> UnsavedWork:
        """Of GPUs after the checkpoint `safe`."""
        return find_unsaved_work(self.row, self.safe)


def find_costliest_idle(workspace: Workspace, *, until: datetime | None) -> list[IdleLine]:
    """The most expensive first, those without a price last. In a fixed number of queries."""
    if until is None:
        return []
    pairs, _ = select_holders(workspace)
    idle = pairs.filter(REPORTED, match_idle(IDLE_FROM, until=until)).order_by("last_work_at")
    costs: list[tuple[bool, Decimal, int]] = []
    for pk, usd, last in idle.values_list("pk", "usd_per_hour", "last_work_at")[:LOOKED_AT]:
        spent = compute_cost(usd, until - last) if last else None
        costs.append((spent is not None, spent or Decimal(), -pk))
    chosen = [-pk for *_, pk in heapq.nlargest(SHOWN, costs)]
    found = Deployment.objects.in_bulk(chosen)
    rows_in_order = [found[pk] for pk in chosen if pk in found]
    lines = [
        IdleLine(row, compute_cost(row.usd_per_hour, row.idle_for))
        for row in observe(rows_in_order, until=until)
    ]
    return add_checkpoints(workspace, lines)


def sum_unmeasured(workspace: Workspace) -> dict[str, Any]:
    """How many standalone samplers hold GPUs, how many, and USD per hour. Nobody can tell whether
    they idle: the API gives neither their metrics nor their requests."""
    _, alone = select_holders(workspace)
    held = alone.filter(REPORTED, run_remote_id="", gpus__gt=0)
    return held.aggregate(number=Count("pk"), gpus=Sum("gpus"), usd=Sum("usd_per_hour"))


def add_checkpoints(workspace: Workspace, lines: list[IdleLine]) -> list[IdleLine]:
    ids = {line.run_id for line in lines} - {""}
    listed = Checkpoint.objects.in_workspace(workspace).filter(
        run_remote_id__in=ids, missing_since=None
    )
    is_safe = Q(target="trainer", sync_status="COMPLETE", expires_at=None, is_status_omitted=False)
    of_run = {
        one["run_remote_id"]: one
        for one in listed.order_by()
        .values("run_remote_id")
        .annotate(
            newest=Max("created_at", filter=is_safe),
            syncing=Count("pk", filter=Q(sync_status="SYNCING")),
        )
    }
    times = [one["newest"] for one in of_run.values() if one["newest"]]
    candidates = listed.filter(is_safe, created_at__in=times).order_by("pk")
    safe = {
        one.run_remote_id: one
        for one in candidates
        if one.created_at == of_run[one.run_remote_id]["newest"] and one.is_loadable
    }
    return [
        replace(
            line,
            safe=safe.get(line.run_id),
            syncing=of_run[line.run_id]["syncing"] if line.run_id in of_run else 0,
        )
        for line in lines
    ]
