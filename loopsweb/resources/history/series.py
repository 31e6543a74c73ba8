"""GPUs held and their cost over a time, as steps.

Machines and prices are today's: the snapshot keeps one value of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.history.observation import Interval, load_observation
from loopsweb.resources.history.statuses import History, Knowledge, load_histories
from loopsweb.resources.nouns import find_noun
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import GPUHolder
from loopsweb.resources.snapshot.status_changes import StatusChange

MODELS: tuple[type[GPUHolder], ...] = (Deployment, Sampler)


class Holder(NamedTuple):
    """What held GPUs, or may have. gpus, usd: while it does, None where unknown; usd: per hour.
    without_gpus: the statuses under which it holds none."""

    history: History
    gpus: int | None
    usd: Decimal | None
    without_gpus: frozenset[str]


class Step(NamedTuple):
    """From `start` until the next step. gpus, usd: the sum of what is known; None while something
    that held GPUs, or everything, was not observed. unknown: without a known number or price."""

    start: datetime
    gpus: int | None
    usd: Decimal | None
    unknown: int = 0


@dataclass(frozen=True)
class Series:
    """unseen: what may have held GPUs and was not observed in all this time; it is in no sum."""

    start: datetime
    end: datetime
    steps: list[Step]
    unseen: int = 0


def load_series(workspace: Workspace, *, start: datetime, end: datetime, now: datetime) -> Series:
    catalogue = Catalogue.objects.filter(workspace=workspace).first()
    holders: list[Holder] = []
    observed: list[Interval] = []
    for model in MODELS:
        seen = load_observation(workspace, find_noun(model).feed, since=start, now=now)
        rows = list(select_live(workspace, model, start=start, end=end).defer("search_text"))
        histories = load_histories(
            rows, since=start, now=now, workspace=workspace, observation=seen
        )
        holders += build_holders(rows, histories, catalogue)
        observed += seen.of_any
    return compute_series(holders, observed, start, end)


def build_holders(
    rows: Iterable[GPUHolder], histories: Mapping[str, History], catalogue: Catalogue | None
) -> Iterator[Holder]:
    for row in rows:
        if row.is_serverless:
            continue
        usd = catalogue.price(row.instance_id, row.node_count).usd if catalogue else None
        history = histories[row.remote_id]
        yield Holder(history, row.gpus_of_machines, usd, row.vocabulary.without_gpus)


def select_live(
    workspace: Workspace, model: type[GPUHolder], *, start: datetime, end: datetime
) -> QuerySet[Any]:
    """Those that had been seen by the end of this time and had not ended before it."""
    later = StatusChange.objects.filter(
        workspace=workspace, noun=model.noun, first_seen_new_at__gt=start
    )
    rows = model._default_manager.filter(workspace=workspace, first_seen_at__lt=end)
    return rows.filter(
        ~Q(status__in=model.vocabulary.terminal) | Q(remote_id__in=later.values("remote_id"))
    )


def compute_series(
    holders: Iterable[Holder], observed: Sequence[Interval], start: datetime, end: datetime
) -> Series:
    changes = defaultdict[datetime, list[tuple[str, int | Decimal]]](list)
    unseen = 0

    def add(what: str, amount: int | Decimal, since: datetime, until: datetime) -> None:
        changes[since].append((what, amount))
        changes[until].append((what, -amount))

    for holder in holders:
        held = [
            one
            for one in holder.history.stretches(start, end)
            if one.status and one.status not in holder.without_gpus
        ]
        if held and all(one.knowledge is Knowledge.NOT_OBSERVED for one in held):
            unseen += 1
            continue
        for one in held:
            if one.knowledge is Knowledge.NOT_OBSERVED:
                add("gaps", 1, one.start, one.end)
            elif one.knowledge is Knowledge.KNOWN:
                add("gpus", holder.gpus or 0, one.start, one.end)
                add("usd", holder.usd or Decimal(0), one.start, one.end)
                add("unknown", int(None in (holder.gpus, holder.usd)), one.start, one.end)
    for since, until in observed:
        if until > start and since < end:
            add("answers", 1, max(since, start), min(until, end))
    return Series(start, end, list(add_up(changes, start, end)), unseen)


def add_up(
    changes: dict[datetime, list[tuple[str, int | Decimal]]], start: datetime, end: datetime
) -> Iterator[Step]:
    sums: dict[str, int] = {"gpus": 0, "gaps": 0, "answers": 0, "unknown": 0}
    usd = Decimal(0)
    before: Step | None = None
    for time in sorted({start, *changes}):
        for what, amount in changes.get(time, ()):
            if what == "usd":
                usd += amount
            else:
                sums[what] += int(amount)
        if time >= end:
            break
        is_known = sums["answers"] > 0 and sums["gaps"] == 0
        step = (
            Step(time, sums["gpus"], usd, sums["unknown"]) if is_known else Step(time, None, None)
        )
        if before is None or step[1:] != before[1:]:
            yield step
            before = step
