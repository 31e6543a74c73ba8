"""When each run of an organisation began and ended: a year of them, about 2 % of them live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from random import Random

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YEAR = 365 * DAY
LIVE_SHARE = ENDED_TODAY_SHARE = 0.02
LIVE_STATUSES = {"RUNNING": 70, "SCALED_TO_ZERO": 24, "DEPLOYING": 4, "CREATED": 2}
END_STATUSES = {"STOPPED": 80, "FAILED": 12, "PREEMPTED": 8}
SAVES_NOTHING = ("DEPLOYING", "CREATED")


@dataclass(frozen=True)
class Lifetime:
    """status: of the deployment. ended_at: None while it is live."""

    began_at: datetime
    ended_at: datetime | None
    status: str
    checkpoints: int = 0


def generate_lifetimes(
    random: Random, *, runs: int, checkpoints: int, now: datetime
) -> list[Lifetime]:
    """The oldest first. Runs have different numbers of checkpoints, together exactly as many. At
    least one is RUNNING."""
    live, today = (max(1, round(runs * share)) for share in (LIVE_SHARE, ENDED_TODAY_SHARE))
    every = []
    for number in range(runs):
        length = random.uniform(0.5, 36) * HOUR
        if number < live:
            status = choose(random, LIVE_STATUSES) if number else "RUNNING"
            age = 72 * HOUR if status not in SAVES_NOTHING else HOUR / 10
            every.append(Lifetime(now - random.uniform(0.2, 1) * age, None, status))
            continue
        is_recent = number < live + today
        age = random.uniform(0, 1) * DAY if is_recent else random.uniform(1, 364) * DAY
        ended_at = now - age
        every.append(Lifetime(ended_at - length, ended_at, choose(random, END_STATUSES)))
    every.sort(key=lambda one: one.began_at)
    return list(share_checkpoints(random, every, checkpoints))


def choose(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


def share_checkpoints(random: Random, every: list[Lifetime], total: int) -> Iterator[Lifetime]:
    weights = [
        0.0 if one.status in SAVES_NOTHING else random.expovariate(1) + 0.01 for one in every
    ]
    sums = list(accumulate(weights, initial=0.0))
    whole = sums[-1] or 1.0
    for one, (before, after) in zip(every, pairwise(sums), strict=True):
        number = round(total * after / whole) - round(total * before / whole)
        yield Lifetime(one.began_at, one.ended_at, one.status, number)
