"""Starts and stops deployments and samplers, and syncs checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random

from loopsweb.simulator.entities import ENDED, Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator.world import World

BOOT_STEPS = (("DEPLOYING", 6.0), ("LOADING_MODEL", 20.0), ("ACTIVE", 25.0))


class Lifecycle:
    """Changes statuses over time. Durations are in seconds and divided by `pace`.

    stopping_seconds: from an accepted deactivation to its end; `pace` does not shorten it.
    on_running: called with each run whose deployment has become RUNNING.
    on_ended: called with each deployment that has ended.
    """

    def __init__(self, world: World, *, pace: float, stopping_seconds: float) -> None:
        self.world = world
        self.pace = pace
        self.stopping_seconds = stopping_seconds
        self.on_running: Callable[[Run], None] = lambda _: None
        self.on_ended: Callable[[Deployment], None] = lambda _: None

    def schedule_after(self, seconds: float, event: Callable[[], None]) -> None:
        """Schedule `event` after `seconds` of simulated time."""
        due = self.world.now + timedelta(seconds=seconds / self.pace)
        self.world.schedule.add_event(due, event)

    def schedule_stop(self, event: Callable[[], None]) -> None:
        """Schedule `event` after `stopping_seconds`; run it at once when they are 0."""
        if self.stopping_seconds <= 0:
            event()
        else:
            due = self.world.now + timedelta(seconds=self.stopping_seconds)
            self.world.schedule.add_event(due, event)

    def create_random(self, entity: Run | Sampler | Deployment) -> Random:
        """A random generator that depends on the seed and the entity's ID only."""
        return Random(f"{self.world.seed}/{entity.id}")  # noqa: S311

    def boot_sampler(self, sampler: Sampler) -> None:
        """Let the status go from BUILDING over DEPLOYING and LOADING_MODEL to ACTIVE."""
        sampler.status = previous = "BUILDING"
        elapsed = 0.0
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

        def end() -> None:
            sampler.status, sampler.ended_at = "INACTIVE", self.world.now

        self.schedule_stop(end)

    def schedule_sync(self, checkpoint: Checkpoint, seconds: float) -> None:
        """Let a SYNCING checkpoint become COMPLETE after `seconds`."""

        def complete() -> None:
            if checkpoint.sync_status == "SYNCING":
                checkpoint.sync_status = "COMPLETE"

        self.schedule_after(seconds, complete)

    def launch_run(self, run: Run) -> None:
        """Start a new run's deployment (CREATED, DEPLOYING, RUNNING) and its sampler."""
        if run.sampler is not None:
            self.boot_sampler(run.sampler)
        if (deployment := run.deployment) is None:
            self.provision_serverless(run)
        else:
            random = self.create_random(run)
            self.schedule_after(random.uniform(3, 8), lambda: self._set_deploying(run, deployment))
            self.schedule_after(random.uniform(50, 90), lambda: self._set_running(run, deployment))

    def provision_serverless(self, run: Run) -> None:
        """Withhold the base URLs of a serverless run and its sampler for some seconds."""
        waiting: list[Run | Sampler] = [run] if run.sampler is None else [run, run.sampler]
        for entity in waiting:
            url, entity.base_url = entity.base_url, None
            self.schedule_after(5, partial(setattr, entity, "base_url", url))

    def hand_over(self, run: Run, deployment: Deployment) -> None:
        """Let a new run take over a deployment: at once, or when it is RUNNING again."""
        if deployment.status == "RUNNING":
            self.on_running(run)
            return
        if deployment.status == "SCALED_TO_ZERO":
            deployment.status = "DEPLOYING"
            if deployment.sampler is not None:
                self.wake_sampler(deployment.sampler)
        deploying = self.create_random(run).uniform(20, 40)
        running = self.create_random(run).uniform(50, 90)
        self.schedule_after(deploying, lambda: self._set_deploying(run, deployment))
        self.schedule_after(running, lambda: self._set_running(run, deployment))

    def _set_deploying(self, run: Run, deployment: Deployment) -> None:
        if self._is_active(run, deployment) and deployment.status == "CREATED":
            deployment.status = "DEPLOYING"

    def _set_running(self, run: Run, deployment: Deployment) -> None:
        if self._is_active(run, deployment) and deployment.status == "DEPLOYING":
            deployment.status = "RUNNING"
            deployment.idle_since = None
            self.on_running(run)

    @staticmethod
    def _is_active(run: Run, deployment: Deployment) -> bool:
        return deployment.active_run_id == run.id and not deployment.stopping

    def scale_to_zero(self, deployment: Deployment) -> None:
        """Release the GPUs of an idle deployment. No run is active any more."""
        deployment.status = "SCALED_TO_ZERO"
        deployment.idle_since = self.world.now
        self._deactivate_run(deployment, "SCALED_TO_ZERO")

    def stop_deployment(self, deployment: Deployment) -> None:
        """Deactivate trainer and sampler, at once or after `stopping_seconds`."""
        deployment.stopping = True
        if deployment.sampler is not None:
            deployment.sampler.status = "DEACTIVATING"
        self.schedule_stop(lambda: self.end_deployment(deployment, "STOPPED"))

    def end_deployment(self, deployment: Deployment, status: str) -> None:
        """End the deployment with a status of ENDED; do nothing if it has ended already."""
        if deployment.status in ENDED:
            return
        deployment.status = status
        deployment.stopping = False
        deployment.ended_at = self.world.now
        self._deactivate_run(deployment, "INACTIVE")
        self.on_ended(deployment)

    def _deactivate_run(self, deployment: Deployment, sampler_status: str) -> None:
        active = self.world.runs.get(deployment.active_run_id or "")
        if active is not None:
            active.status = "INACTIVE"
        deployment.active_run_id = None
        if deployment.sampler is not None:
            deployment.sampler.status = sampler_status
