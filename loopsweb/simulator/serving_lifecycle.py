"""How samplers come up and go down, and checkpoints get synced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from .checkpoint_entities import Checkpoint
from .entities import Deployment, Run, Sampler
from .world import World

BOOT = (("DEPLOYING", 6.0), ("LOADING_MODEL", 20.0), ("ACTIVE", 25.0))


class ServingLife:
    """Durations are in seconds, `pace` times shorter than they say; `stopping_seconds`, which
    pass between an accepted deactivation and its end, are not shortened."""

    def __init__(self, world: World, *, pace: float, stopping_seconds: float) -> None:
        self.world = world
        self.pace = pace
        self.stopping_seconds = stopping_seconds

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let `event` happen after so much simulated time."""
        self.world.schedule.at(self.world.now + timedelta(seconds=seconds / self.pace), event)

    def in_a_while(self, event: Callable[[], None]) -> None:
        if self.stopping_seconds <= 0:
            event()
        else:
            due = self.world.now + timedelta(seconds=self.stopping_seconds)
            self.world.schedule.at(due, event)

    def chance(self, thing: Run | Sampler | Deployment) -> Random:
        """The thing's own chance: the same for the same seed, however often anybody looks."""
        return Random(f"{self.world.seed}/{thing.id}")  # noqa: S311

    def boot(self, sampler: Sampler) -> None:
        """BUILDING, DEPLOYING, LOADING_MODEL, ACTIVE."""
        sampler.status, elapsed = "BUILDING", 0.0
        previous = sampler.status
        for status, seconds in BOOT:
            elapsed += seconds
            self._later(sampler, elapsed, previous, status)
            previous = status

    def wake(self, sampler: Sampler) -> None:
        """SCALED_TO_ZERO, WAKING_UP, ACTIVE."""
        sampler.status = "WAKING_UP"
        self._later(sampler, 20, "WAKING_UP", "ACTIVE")

    def _later(self, sampler: Sampler, seconds: float, before: str, status: str) -> None:
        def turn() -> None:
            if sampler.status == before:
                sampler.status = status

        self.after(seconds, turn)

    def stop_sampler(self, sampler: Sampler) -> None:
        """Deactivate a standalone sampler."""
        sampler.status = "DEACTIVATING"
        self.in_a_while(lambda: setattr(sampler, "status", "INACTIVE"))

    def sync(self, checkpoint: Checkpoint, seconds: float) -> None:
        """Let a SYNCING checkpoint become COMPLETE."""

        def complete() -> None:
            if checkpoint.sync_status == "SYNCING":
                checkpoint.sync_status = "COMPLETE"

        self.after(seconds, complete)
