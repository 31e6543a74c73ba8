"""One page of the checkpoints of a plan, each with what was started from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.starts import find_starts_of
from loopsweb.resources.runs.models import Run

PAGE_SIZE = 50


@dataclass(frozen=True)
class Line:
    row: Checkpoint
    owner: str
    starts: list[Any]


@dataclass(frozen=True)
class PlanPage:
    lines: list[Line]
    number: int
    pages: int

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None


def load_page(
    workspace: Workspace,
    judged: QuerySet[Any],
    verdict: str,
    count: int,
    number: int,
    *,
    oldest: Sequence[int] = (),
) -> PlanPage:
    """The oldest first, in three queries. oldest: the ids of the first of them, where they are
    known already."""
    pages = max(1, -(-count // PAGE_SIZE))
    number = min(number, pages)
    start = (number - 1) * PAGE_SIZE
    end = start + PAGE_SIZE
    rows = judged.filter(verdict=verdict)
    if len(oldest) >= min(end, count):
        rows = Checkpoint.objects.in_workspace(workspace).filter(pk__in=oldest[start:end])
        end, start = PAGE_SIZE, 0
    found = rows.order_by("created_at", "pk").defer("raw")[start:end]
    return PlanPage(describe(workspace, list(found)), number, pages)


def describe(workspace: Workspace, rows: list[Checkpoint]) -> list[Line]:
    if not rows:
        return []
    run_ids = {row.run_remote_id for row in rows}
    runs = Run.objects.in_workspace(workspace).filter(remote_id__in=run_ids)
    owners = dict(runs.values_list("remote_id", "owner_email"))
    starts = find_starts_of(workspace, rows)
    return [
        Line(
            row,
            owners.get(row.run_remote_id, ""),
            starts.get((row.run_remote_id, row.target, row.name), []),
        )
        for row in rows
    ]
