"""What an active run does: it saves checkpoints, becomes idle, and now and then fails."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from loopsweb.simulator.entities import Deployment, Run
from loopsweb.simulator.lifecycle import Lifecycle

SAVE_COUNT = (6, 14)
PREEMPTION_RATE, FAILURE_RATE = 0.15, 0.03
MAX_IDLE_SECONDS = 240


class RunActivity:
    """Schedules what runs do. Only `automated` deployments, by ID, fail and get another run."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.world = lifecycle.world
        self.automated: set[str] = set()
        lifecycle.on_running = self.schedule_training

    def schedule_training(self, run: Run) -> None:
        """Schedule 6 to 14 saves, a minute or two apart, and then scaling to zero."""
        deployment = run.deployment
        if deployment is None:
            return
        chance = self.lifecycle.random_for(run)
        steps = max((parse_step(one.name) for one in run.checkpoints), default=0)
        elapsed = chance.uniform(25, 60)
        for number in range(1, chance.randint(*SAVE_COUNT) + 1):
            self.lifecycle.schedule_after(
                elapsed, self._build_save(run, deployment, steps + 100 * number)
            )
            elapsed += chance.uniform(70, 130)
        failure = self._choose_failure(deployment, chance)
        if failure is not None:
            early = elapsed * chance.uniform(0.3, 0.9)
            self.lifecycle.schedule_after(early, lambda: self._fail(run, deployment, failure))
        idle = elapsed + min(run.scale_down_delay_seconds, MAX_IDLE_SECONDS)
        self.lifecycle.schedule_after(idle, lambda: self._scale_to_zero(run, deployment))

    def _choose_failure(self, deployment: Deployment, chance: Random) -> str | None:
        if deployment.id not in self.automated:
            return None
        if deployment.availability_model == "spot" and chance.random() < PREEMPTION_RATE:
            return "PREEMPTED"
        return "FAILED" if chance.random() < FAILURE_RATE else None

    def _build_save(self, run: Run, deployment: Deployment, step: int) -> Callable[[], None]:
        def save() -> None:
            if deployment.active_run_id == run.id:
                self.save_checkpoints(run, step)

        return save

    def save_checkpoints(self, run: Run, step: int) -> None:
        """Add one step's trainer and sampler checkpoints, SYNCING at first."""
        chance = Random(f"{self.world.seed}/{run.id}/{step}")  # noqa: S311
        nodes = 1 if run.deployment is None else run.deployment.node_count
        for target, seconds in (("trainer", 45), ("sampler", 20)):
            checkpoint = self.world.add_checkpoint(
                run=run,
                name=f"step-{step}",
                target=target,
                sync_status="SYNCING",
                node_count=nodes if target == "trainer" else 1,
            )
            self.lifecycle.schedule_sync(checkpoint, seconds * chance.uniform(0.7, 1.4))

    def _fail(self, run: Run, deployment: Deployment, status: str) -> None:
        if deployment.active_run_id == run.id and deployment.status == "RUNNING":
            self.lifecycle.end_deployment(deployment, status)

    def _scale_to_zero(self, run: Run, deployment: Deployment) -> None:
        if deployment.active_run_id != run.id or deployment.stopping:
            return
        self.lifecycle.scale_to_zero(deployment)
        self.on_scaled_to_zero(run, deployment)

    def on_scaled_to_zero(self, run: Run, deployment: Deployment) -> None:
        """Called after a deployment has scaled to zero."""


def parse_step(name: str) -> int:
    """100 for step-100; 0 for a name without a number at its end."""
    number = name.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() else 0
