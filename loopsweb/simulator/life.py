"""How things come up and go down: deployments, their runs and their samplers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from .things import ENDED, Checkpoint, Deployment, Run, Sampler
from .world import World

BOOT = (("DEPLOYING", 6.0), ("LOADING_MODEL", 20.0), ("ACTIVE", 25.0))


class Life:
    """Sets statuses in motion. Durations are in seconds, `pace` times shorter than they say.

    `stopping_seconds` (not shortened) pass between an accepted deactivation and STOPPED.
    `ended` is told of every deployment that has come to its end.
    """

    def __init__(self, world: World, *, pace: float, stopping_seconds: float) -> None:
        self.world = world
        self.pace = pace
        self.stopping_seconds = stopping_seconds
        self.ended: Callable[[Deployment], None] = lambda _: None
        self.running: Callable[[Run], None] = lambda _: None

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let `event` happen after so much simulated time."""
        self.world.schedule.at(self.world.now + timedelta(seconds=seconds / self.pace), event)

    def chance(self, thing: Run | Sampler | Deployment) -> Random:
        """The thing's own chance: the same for the same seed, however often anybody looks."""
        return Random(f"{self.world.seed}/{thing.id}")  # noqa: S311

    def launch(self, run: Run) -> None:
        """Bring a new run's deployment up: CREATED, DEPLOYING, RUNNING; its sampler beside it."""
        deployment = run.deployment
        if run.sampler is not None:
            self.boot(run.sampler)
        if deployment is not None:
            chance = self.chance(run)
            self.after(chance.uniform(3, 8), lambda: self._deploy(run, deployment))
            self.after(chance.uniform(50, 90), lambda: self._run(run, deployment))

    def succeed(self, run: Run, deployment: Deployment) -> None:
        """Let a new run take over a deployment: at once if it runs, else when it is up again."""
        if deployment.status == "RUNNING":
            self.running(run)
            return
        if deployment.status == "SCALED_TO_ZERO":
            deployment.status = "DEPLOYING"
            if deployment.sampler is not None:
                self.wake(deployment.sampler)
        self.after(self.chance(run).uniform(20, 40), lambda: self._deploy(run, deployment))
        self.after(self.chance(run).uniform(50, 90), lambda: self._run(run, deployment))

    def _deploy(self, run: Run, deployment: Deployment) -> None:
        if self._leads(run, deployment) and deployment.status == "CREATED":
            deployment.status = "DEPLOYING"

    def _run(self, run: Run, deployment: Deployment) -> None:
        if self._leads(run, deployment) and deployment.status == "DEPLOYING":
            deployment.status = "RUNNING"
            deployment.idle_since = None
            self.running(run)

    @staticmethod
    def _leads(run: Run, deployment: Deployment) -> bool:
        return deployment.active_run_id == run.id and not deployment.stopping

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

    def sync(self, checkpoint: Checkpoint, seconds: float) -> None:
        """Let a SYNCING checkpoint become COMPLETE."""

        def complete() -> None:
            if checkpoint.sync_status == "SYNCING":
                checkpoint.sync_status = "COMPLETE"

        self.after(seconds, complete)

    def scale_to_zero(self, deployment: Deployment) -> None:
        """Idle for too long: no GPU is held, no run is active."""
        deployment.status = "SCALED_TO_ZERO"
        deployment.idle_since = self.world.now
        self._rest(deployment, "SCALED_TO_ZERO")

    def stop(self, deployment: Deployment) -> None:
        """Deactivate: both halves go, at once or after `stopping_seconds`."""
        deployment.stopping = True
        if deployment.sampler is not None:
            deployment.sampler.status = "DEACTIVATING"
        self._in_a_while(lambda: self.end(deployment, "STOPPED"))

    def stop_sampler(self, sampler: Sampler) -> None:
        """Deactivate a standalone sampler."""
        sampler.status = "DEACTIVATING"
        self._in_a_while(lambda: setattr(sampler, "status", "INACTIVE"))

    def end(self, deployment: Deployment, status: str) -> None:
        """The deployment is over: STOPPED, FAILED or PREEMPTED."""
        if deployment.status in ENDED:
            return
        deployment.status = status
        deployment.stopping = False
        deployment.ended_at = self.world.now
        self._rest(deployment, "INACTIVE")
        self.ended(deployment)

    def _rest(self, deployment: Deployment, sampler_status: str) -> None:
        active = self.world.runs.get(deployment.active_run_id or "")
        if active is not None:
            active.status = "INACTIVE"
        deployment.active_run_id = None
        if deployment.sampler is not None:
            deployment.sampler.status = sampler_status

    def _in_a_while(self, event: Callable[[], None]) -> None:
        if self.stopping_seconds <= 0:
            event()
        else:
            due = self.world.now + timedelta(seconds=self.stopping_seconds)
            self.world.schedule.at(due, event)
