"""What a running run does: it saves, and falls idle; now and then it fails."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .entities import Deployment, Run
from .lifecycle import Life

SAVES = (6, 14)
PREEMPTED, FAILED = 0.15, 0.03
LONGEST_REST = 240


class Training:
    """The rhythm of runs. Those of `lively` deployments have mishaps, and a next act."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.world = life.world
        self.lively: set[str] = set()
        life.running = self.train

    def train(self, run: Run) -> None:
        """Save every minute or two, some times over, then let the deployment scale to zero."""
        deployment = run.deployment
        if deployment is None:
            return
        chance = self.life.chance(run)
        steps = max((step_of(one.name) for one in run.checkpoints), default=0)
        elapsed = chance.uniform(25, 60)
        for number in range(1, chance.randint(*SAVES) + 1):
            self.life.after(elapsed, self._saving(run, deployment, steps + 100 * number))
            elapsed += chance.uniform(70, 130)
        mishap = self._mishap(deployment, chance)
        if mishap is not None:
            early = elapsed * chance.uniform(0.3, 0.9)
            self.life.after(early, lambda: self._fail(run, deployment, mishap))
        rest = elapsed + min(run.scale_down_delay_seconds, LONGEST_REST)
        self.life.after(rest, lambda: self._rest(run, deployment))

    def _mishap(self, deployment: Deployment, chance: Random) -> str | None:
        if deployment.id not in self.lively:
            return None
        if deployment.availability_model == "spot" and chance.random() < PREEMPTED:
            return "PREEMPTED"
        return "FAILED" if chance.random() < FAILED else None

    def _saving(self, run: Run, deployment: Deployment, step: int) -> Callable[[], None]:
        def save() -> None:
            if deployment.active_run_id == run.id:
                self.save(run, step)

        return save

    def save(self, run: Run, step: int) -> None:
        """One step's checkpoints, for the trainer and for the sampler, SYNCING at first."""
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
            self.life.sync(checkpoint, seconds * chance.uniform(0.7, 1.4))

    def _fail(self, run: Run, deployment: Deployment, status: str) -> None:
        if deployment.active_run_id == run.id and deployment.status == "RUNNING":
            self.life.end(deployment, status)

    def _rest(self, run: Run, deployment: Deployment) -> None:
        if deployment.active_run_id != run.id or deployment.stopping:
            return
        self.life.scale_to_zero(deployment)
        self.rested(run, deployment)

    def rested(self, run: Run, deployment: Deployment) -> None:
        """The deployment has scaled to zero: what next?"""


def step_of(name: str) -> int:
    """The number at the end of step-100; 0 for another name."""
    number = name.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() else 0
