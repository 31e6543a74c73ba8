"""How samplers start and stop, and how checkpoints are synced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from loopsweb.simulator.entities import Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator.world import World

BOOT_STEPS = (("DEPLOYING", 6.0), ("LOADING_MODEL", 20.0), ("ACTIVE", 25.0))


class ServingLifecycle:
    """Durations are in seconds and divided by `pace`.

    stopping_seconds: from an accepted deactivation to its end; `pace` does not shorten it.
    """

    def __init__(self, world: World, *, pace: float, stopping_seconds: float) -> None:
        self.world = world
        self.pace = pace
        self.stopping_seconds = stopping_seconds

    def schedule_after(self, seconds: float, event: Callable[[], None]) -> None:
        """Schedule `event` after `seconds` of simulated time."""
        self.world.schedule.add_event(
            self.world.now + timedelta(seconds=seconds / self.pace), event
        )

    def schedule_stop(self, event: Callable[[], None]) -> None:
        """Schedule `event` after `stopping_seconds`; run it at once when they are 0."""
        if self.stopping_seconds <= 0:
            event()
        else:
            due = self.world.now + timedelta(seconds=self.stopping_seconds)
            self.world.schedule.add_event(due, event)

    def random_for(self, entity: Run | Sampler | Deployment) -> Random:
        """A random generator that depends on the seed and the entity's ID only."""
        return Random(f"{self.world.seed}/{entity.id}")  # noqa: S311

    def boot_sampler(self, sampler: Sampler) -> None:
        """Let the status go from BUILDING over DEPLOYING and LOADING_MODEL to ACTIVE."""
        sampler.status, elapsed = "BUILDING", 0.0
        previous = sampler.status
        for status, seconds in BOOT_STEPS:
            elapsed += seconds
            self._schedule_status(sampler, elapsed, previous, status)
            previous = status

    def wake_sampler(self, sampler: Sampler) -> None:
        """Let the status go from WAKING_UP to ACTIVE."""
        sampler.status = "WAKING_UP"
        self._schedule_status(sampler, 20, "WAKING_UP", "ACTIVE")

    def _schedule_status(self, sampler: Sampler, seconds: float, before: str, status: str) -> None:
        def change() -> None:
            if sampler.status == before:
                sampler.status = status

        self.schedule_after(seconds, change)

    def stop_sampler(self, sampler: Sampler) -> None:
        """Deactivate a standalone sampler."""
        sampler.status = "DEACTIVATING"
        self.schedule_stop(lambda: setattr(sampler, "status", "INACTIVE"))

    def schedule_sync(self, checkpoint: Checkpoint, seconds: float) -> None:
        """Let a SYNCING checkpoint become COMPLETE after `seconds`."""

        def complete() -> None:
            if checkpoint.sync_status == "SYNCING":
                checkpoint.sync_status = "COMPLETE"

        self.schedule_after(seconds, complete)
