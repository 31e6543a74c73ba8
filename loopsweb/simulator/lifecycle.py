"""How deployments start and stop, together with their runs."""

from __future__ import annotations

from collections.abc import Callable

from loopsweb.simulator.entities import ENDED, Deployment, Run
from loopsweb.simulator.serving_lifecycle import ServingLifecycle
from loopsweb.simulator.world import World


class Lifecycle(ServingLifecycle):
    """Changes statuses over time.

    on_running: called with each run whose deployment has become RUNNING.
    on_ended: called with each deployment that has ended.
    """

    def __init__(self, world: World, *, pace: float, stopping_seconds: float) -> None:
        super().__init__(world, pace=pace, stopping_seconds=stopping_seconds)
        self.on_running: Callable[[Run], None] = lambda _: None
        self.on_ended: Callable[[Deployment], None] = lambda _: None

    def launch_run(self, run: Run) -> None:
        """Start a new run's deployment (CREATED, DEPLOYING, RUNNING) and its sampler."""
        deployment = run.deployment
        if run.sampler is not None:
            self.boot_sampler(run.sampler)
        if deployment is not None:
            chance = self.random_for(run)
            self.schedule_after(chance.uniform(3, 8), lambda: self._set_deploying(run, deployment))
            self.schedule_after(chance.uniform(50, 90), lambda: self._set_running(run, deployment))

    def hand_over(self, run: Run, deployment: Deployment) -> None:
        """Let a new run take over a deployment: at once, or when it is RUNNING again."""
        if deployment.status == "RUNNING":
            self.on_running(run)
            return
        if deployment.status == "SCALED_TO_ZERO":
            deployment.status = "DEPLOYING"
            if deployment.sampler is not None:
                self.wake_sampler(deployment.sampler)
        self.schedule_after(
            self.random_for(run).uniform(20, 40), lambda: self._set_deploying(run, deployment)
        )
        self.schedule_after(
            self.random_for(run).uniform(50, 90), lambda: self._set_running(run, deployment)
        )

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
