"""What rules would keep of the checkpoints, and what would go, each with the first reason.

Whatever is not known for certain is kept. One query, in which each run is judged by itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
    Window,
)

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.starts import find_starts
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import SnapshotQuerySet

GOES = "goes"
KEPT = {  # the first that applies
    "unlisted": "Not in the API's last answer",
    "syncing": "SYNCING, or its sync status is not known",
    "undated": "Its run, target or time is not known",
    "unsized": "Its size is not known",
    "pinned": "Pinned",
    "used": "A run, sampler or model needs it",
    "newest": "Among the newest",
    "stepless": "Its name gives no step",
    "step": "Of a step to keep",
}
LABELS = {GOES: "Would go", **KEPT}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """newest: how many to keep of each run, of trainer and sampler weights each; what cannot be
    loaded is not counted. every: steps that it divides are kept. The other fields say what may go
    at all; "" and None are any. older_than: days."""

    newest: int = 3
    every: int | None = None
    run_id: str = ""
    base_model: str = ""
    owner: str = ""
    target: str = ""
    older_than: int | None = None
    checkpoint: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}


class Part(NamedTuple):
    """Checkpoints of one verdict. bytes: of those whose size is known."""

    verdict: str
    label: str
    number: int
    bytes: int
    unsized: int


def judge(workspace: Workspace, rules: Rules, *, now: datetime, run_id: str = "") -> QuerySet[Any]:
    """The rows of Checkpoint that the rules may touch, with their `verdict`. run_id: to look at one
    run only, which changes no verdict."""
    every = Checkpoint.objects.in_workspace(workspace)
    if only := run_id or rules.run_id:
        every = every.filter(run_remote_id=only)
    return select_touched(every, workspace, rules, now=now).annotate(
        remainder=F("step") % Value(rules.every or 1),
        verdict=Case(*find_reasons(every, workspace, rules), default=Value(GOES)),
    )


def select_touched(
    rows: QuerySet[Checkpoint], workspace: Workspace, rules: Rules, *, now: datetime
) -> QuerySet[Checkpoint]:
    if rules.run_id:
        rows = rows.filter(run_remote_id=rules.run_id)
    if rules.base_model:
        rows = rows.filter(base_model=rules.base_model)
    if rules.target:
        rows = rows.filter(target=rules.target)
    if rules.checkpoint:
        rows = rows.filter(remote_id=rules.checkpoint)
    if rules.owner:
        runs = Run.objects.in_workspace(workspace).filter(owner_email__iexact=rules.owner)
        rows = rows.filter(run_remote_id__in=runs.values("remote_id"))
    if rules.older_than is not None:
        until = now - timedelta(days=rules.older_than)
        rows = rows.filter(Q(created_at__lte=until) | Q(created_at=None))
    return rows


def find_reasons(
    every: SnapshotQuerySet[Checkpoint], workspace: Workspace, rules: Rules
) -> list[When]:
    """In the order of KEPT."""
    started = find_starts(workspace).filter(
        from_run_id=OuterRef("run_remote_id"), target=OuterRef("target"), name=OuterRef("name")
    )
    pins = Protection.objects.filter(
        workspace=workspace, noun=Checkpoint.noun, remote_id=OuterRef("remote_id")
    )
    undated = Q(created_at=None) | Q(run_remote_id="") | Q(target="")
    conditions: dict[str, Any] = {
        "unlisted": Q(missing_since__isnull=False) | Q(is_status_omitted=True),
        "syncing": ~Q(sync_status="COMPLETE"),
        "undated": undated,
        "unsized": Q(size_bytes=None),
        "pinned": Exists(pins),
        "used": Exists(started.filter(has_ended=False)),
    }
    if rules.newest:
        settled = every.reported().filter(sync_status="COMPLETE").exclude(undated)
        unusable = Case(When(raw__lora_config=None, then=1), default=0)  # by the API's word
        usable_until_here = Window(
            Sum(1 - F("unusable")),
            partition_by=[F("run_remote_id"), F("target")],
            order_by=[F("created_at").desc(), F("pk").desc()],
        )
        older = settled.annotate(unusable=unusable, newer=usable_until_here).filter(
            newer__gt=rules.newest - F("unusable")
        )
        conditions["newest"] = ~Q(pk__in=older.values("pk"))
    if rules.every:
        conditions["stepless"] = Q(step=None)
        conditions["step"] = Q(remainder=0)
    return [When(condition, then=Value(verdict)) for verdict, condition in conditions.items()]


def add_up(judged: QuerySet[Any], *, oldest: int = 0) -> tuple[dict[str, Part], list[int]]:
    """{verdict: what has it}, without those that nothing has, and the keys of the `oldest` rows
    that would go. In one query: to judge is what takes time."""
    sums = {verdict: [0, 0, 0] for verdict in LABELS}
    going: list[int] = []
    rows = judged.order_by("created_at", "pk").values_list("verdict", "size_bytes", "pk")
    for verdict, size, pk in rows.iterator(chunk_size=5000):
        of_verdict = sums[verdict]
        of_verdict[0] += 1
        of_verdict[1] += size or 0
        of_verdict[2] += size is None
        if verdict == GOES and len(going) < oldest:
            going.append(pk)
    parts = {
        verdict: Part(verdict, LABELS[verdict], *numbers)
        for verdict, numbers in sums.items()
        if numbers[0]
    }
    return parts, going
