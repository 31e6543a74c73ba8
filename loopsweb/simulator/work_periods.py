"""When a deployment or sampler starts, works and idles, as its checkpoints show."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from loopsweb.simulator.entities import Checkpoint, Deployment, Run, Sampler

BOOT_SECONDS = 120
LEAST_GRACE = 60.0  # seconds
STARTING = frozenset({"CREATED", "DEPLOYING", "BUILDING", "LOADING_MODEL", "WAKING_UP"})
Machine = Deployment | Sampler


@dataclass(frozen=True)
class WorkPeriods:
    """Times are in seconds since 1970. It works around each save, for one and a half times the
    usual time between two; without any save it always works.

    idle_since: it does nothing from then on, though it may hold its GPUs.
    """

    machine: Machine
    saves: tuple[Checkpoint, ...] = ()
    idle_since: float | None = None

    @property
    def started_at(self) -> float:
        """When its start was over: with its first save at the latest."""
        return min(self._times[0] + BOOT_SECONDS, *self._times[1:2], math.inf)

    def is_starting(self, at: float) -> bool:
        return at < self.started_at or self.machine.status in STARTING

    def find_idle_start(self, at: float) -> float | None:
        """Since when it idles at this time; None while it works or starts."""
        if self.is_starting(at):
            return None
        if self.idle_since is not None and at >= self.idle_since:
            return self.idle_since
        if not self.saves:
            return None
        after = bisect_right(self._times, at)
        before = self._times[after - 1]
        following = self._times[after] if after < len(self._times) else math.inf
        is_near = min(at - before, following - at) <= self._grace
        return None if is_near else before + self._grace

    def find_saves(self, start: float, end: float) -> Sequence[Checkpoint]:
        """Those from `start` to before `end`."""
        first, after = (bisect_left(self._times, at, lo=1) for at in (start, end))
        return self.saves[first - 1 : after - 1]

    @cached_property
    def _times(self) -> list[float]:
        """Of its creation and of each save."""
        return [one.created_at.timestamp() for one in (self.machine, *self.saves)]

    @cached_property
    def _grace(self) -> float:
        return max(LEAST_GRACE, 1.5 * median(b - a for a, b in pairwise(self._times)))


def find_work_periods(machine: Machine, runs: Iterable[Run]) -> WorkPeriods:
    """runs: of the world; those on this machine count."""
    own = [one for one in runs if machine in (one.deployment, one.sampler)]
    saves = [checkpoint for run in own for checkpoint in run.checkpoints]
    saves.sort(key=lambda one: one.created_at)
    idle = machine.idle_since
    return WorkPeriods(machine, tuple(saves), None if idle is None else idle.timestamp())
