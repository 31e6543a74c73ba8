"""How deployments come up and go down, and their runs with them."""

from __future__ import annotations

from collections.abc import Callable

from .entities import ENDED, Deployment, Run
from .serving_lifecycle import ServingLife
from .world import World


class Life(ServingLife):
    """Sets statuses in motion. `running` is told of every run whose deployment has come up,
    `ended` of every deployment that has come to its end."""

    def __init__(self, world: World, *, pace: float, stopping_seconds: float) -> None:
        super().__init__(world, pace=pace, stopping_seconds=stopping_seconds)
        self.running: Callable[[Run], None] = lambda _: None
        self.ended: Callable[[Deployment], None] = lambda _: None

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
    @staticmethod
    def _leads(run: Run, deployment: Deployment) -> bool:
        return deployment.active_run_id == run.id and not deployment.stopping

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
        self.in_a_while(lambda: self.end(deployment, "STOPPED"))

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
