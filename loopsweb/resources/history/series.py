"""GPUs held and their cost over a time, as steps.

Machines and prices are today's: the snapshot keeps one value of each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any, NamedTuple

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.history.holders import MODELS, Holder, load_holders, select_live
from loopsweb.resources.history.observation import (
    Interval,
    intersect,
    load_observation,
    subtract,
)
from loopsweb.resources.nouns import find_noun


class Step(NamedTuple):
    """From `start` until the next step. gpus, usd: the sum of what is known; None while something
    that held GPUs, or everything, was not observed. unknown: without a known number or price."""

    start: datetime
    gpus: int | None
    usd: Decimal | None
    unknown: int = 0


@dataclass(frozen=True)
class Estimate:
    """usd: the cost of `observed`, the time of which it is known what was held. is_partial: without
    what has no known price."""

    usd: Decimal
    observed: timedelta
    is_partial: bool


@dataclass(frozen=True)
class Series:
    """unseen: what may have held GPUs and was not observed in all this time; it is in no sum."""

    start: datetime
    end: datetime
    steps: list[Step]
    unseen: int = 0


def load_series(workspace: Workspace, *, start: datetime, end: datetime, now: datetime) -> Series:
    """A moment is known only if every feed that the server offers was observed."""
    catalogue = Catalogue.objects.filter(workspace=workspace).first()
    holders: list[Holder] = []
    observed: list[list[Interval]] = []
    for model in MODELS:
        seen = load_observation(workspace, find_noun(model).feed, since=start, now=now)
        live = select_live(workspace, model, start=start, end=end)
        holders += load_holders(workspace, live, seen, catalogue, start=start)
        if seen.is_offered:
            observed.append(seen.of_any)
    return compute_series(holders, reduce(intersect, observed) if observed else [], start, end)


def compute_series(
    holders: Iterable[Holder], observed: Sequence[Interval], start: datetime, end: datetime
) -> Series:
    """observed: when everything was."""
    seen_alike = defaultdict[int, list[Holder]](list)  # rows of one key share their intervals
    for holder in holders:
        seen_alike[id(holder.history.observed)].append(holder)
    changes = defaultdict[datetime, list[Sums]](list)
    unseen = 0
    for some in seen_alike.values():
        its = intersect(some[0].history.observed, [(start, end)])
        held, unseen_ones = sum_held(some, its, start, end)
        unseen += unseen_ones
        for time, change in list_changes(held, its):
            changes[time].append(change)
    for since, until in intersect(observed, [(start, end)]):
        changes[since].append(Sums(answers=1))
        changes[until].append(Sums(answers=-1))
    return Series(start, end, list(add_up(changes, start, end)), unseen)


class Sums(NamedTuple):
    """held: how many held GPUs while that was not observed; the others are of what was known."""

    gpus: int = 0
    usd: Decimal = Decimal(0)
    unknown: int = 0
    held: int = 0
    answers: int = 0


def sum_held(
    holders: Iterable[Holder], observed: Sequence[Interval], start: datetime, end: datetime
) -> tuple[dict[datetime, list[Any]], int]:
    """By how much the sums changed and when, as if all had been observed; and how many of the
    holders held GPUs only while nothing was."""
    changes = defaultdict[datetime, list[Any]](lambda: [0, Decimal(0), 0, 0])
    unseen = 0
    for holder in holders:
        held = holder.history.list_held(holder.without_gpus, start, end)
        if held and not any(overlaps(one, observed) for one in held):
            unseen += holder.number
            continue
        n, gpus, usd = holder.number, holder.gpus, holder.usd
        for since, until in held:
            changes[since][3] += n
            changes[until][3] -= n
        all_gpus, all_usd = (gpus or 0) * n, (usd or Decimal(0)) * n
        all_unknown = n if gpus is None or usd is None else 0
        known = subtract(held, holder.history.unknown) if holder.history.unknown else held
        for since, until in known:
            begun, ended = changes[since], changes[until]
            begun[0] += all_gpus
            begun[1] += all_usd
            begun[2] += all_unknown
            ended[0] -= all_gpus
            ended[1] -= all_usd
            ended[2] -= all_unknown
    return changes, unseen


def overlaps(one: Interval, others: Sequence[Interval]) -> bool:
    """others: in order."""
    number = bisect_right(others, one[0], key=lambda other: other[0])
    begins_inside = number > 0 and one[0] < others[number - 1][1]
    return begins_inside or (number < len(others) and others[number][0] < one[1])


def list_changes(
    held: dict[datetime, list[Any]], observed: Sequence[Interval]
) -> Iterator[tuple[datetime, Sums]]:
    """While the key was not observed, all that is known is that something held GPUs."""
    begins, ends = {since for since, _ in observed}, {until for _, until in observed}
    gpus, usd, unknown, number, is_observed = 0, Decimal(0), 0, 0, False
    before = Sums()
    for time in sorted({*held, *begins, *ends}):
        if time in held:
            change = held[time]
            gpus, usd = gpus + change[0], usd + change[1]
            unknown, number = unknown + change[2], number + change[3]
        is_observed = time in begins or (is_observed and time not in ends)
        now = Sums(gpus, usd, unknown) if is_observed else Sums(held=number)
        if now != before:
            yield (
                time,
                Sums(
                    now.gpus - before.gpus,
                    now.usd - before.usd,
                    now.unknown - before.unknown,
                    now.held - before.held,
                ),
            )
            before = now


def add_up(changes: dict[datetime, list[Sums]], start: datetime, end: datetime) -> Iterator[Step]:
    gpus, usd, unknown, held, answers = Sums()
    before: Step | None = None
    for time in sorted({start, *changes}):
        if time >= end:
            break
        for change in changes.get(time, ()):
            gpus, usd, unknown = gpus + change.gpus, usd + change.usd, unknown + change.unknown
            held, answers = held + change.held, answers + change.answers
        is_known = answers > 0 and held == 0
        step = Step(time, gpus, usd, unknown) if is_known else Step(time, None, None)
        if before is None or step[1:] != before[1:]:
            yield step
            before = step


def estimate_cost(series: Series) -> Estimate:
    ends = [*(one.start for one in series.steps[1:]), series.end]
    known = [
        (step.usd, Decimal((end - step.start).total_seconds()), step.unknown)
        for step, end in zip(series.steps, ends, strict=True)
        if step.usd is not None
    ]
    return Estimate(
        usd=sum((usd * seconds for usd, seconds, _ in known), Decimal(0)) / 3600,
        observed=timedelta(seconds=float(sum(seconds for _, seconds, _ in known))),
        is_partial=bool(series.unseen) or any(unknown for *_, unknown in known),
    )
