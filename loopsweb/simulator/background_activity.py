"""The organisation's everyday activity: what its runs, deployments and samplers do over time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from loopsweb.simulator.catalogue import MODELS
from loopsweb.simulator.entities import Deployment, Run, Sampler
from loopsweb.simulator.identities import User
from loopsweb.simulator.lifecycle import Lifecycle

SAVE_COUNT = (6, 14)
PREEMPTION_RATE, FAILURE_RATE = 0.15, 0.03
MAX_IDLE_SECONDS = 240
MAX_SUCCESSORS = 2
MAX_FINISHED = 12
CAPACITIES = ("dedicated", "dedicated", "dedicated", "spot")


class BackgroundActivity:
    """Active runs save checkpoints, become idle, and now and then fail.

    Only `automated` deployments, by ID, fail, get another run and are replaced when they end.
    Those started here are removed some time after they ended, so the world does not grow. Initial
    ones and those created through the API stay.
    """

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.world = lifecycle.world
        self.users: list[User] = []
        self.automated: set[str] = set()
        self.started: list[Deployment] = []
        self.successor_counts: dict[str, int] = {}
        lifecycle.on_running = self.schedule_training
        lifecycle.on_ended = self.replace_deployment

    def reset(self) -> None:
        """Forget the users and the automated deployments."""
        self.users.clear()
        self.started.clear()
        self.automated.clear()
        self.successor_counts.clear()

    def schedule_training(self, run: Run) -> None:
        """Schedule 6 to 14 saves, a minute or two apart, and then scaling to zero."""
        deployment = run.deployment
        if deployment is None:
            return
        random = self.lifecycle.create_random(run)
        steps = max((parse_step(one.name) for one in run.checkpoints), default=0)
        elapsed = random.uniform(25, 60)
        for number in range(1, random.randint(*SAVE_COUNT) + 1):
            save = self._build_save(run, deployment, steps + 100 * number)
            self.lifecycle.schedule_after(elapsed, save)
            elapsed += random.uniform(70, 130)
        failure = self._choose_failure(deployment, random)
        if failure is not None:
            early = elapsed * random.uniform(0.3, 0.9)
            self.lifecycle.schedule_after(early, lambda: self._fail(run, deployment, failure))
        idle = elapsed + min(run.scale_down_delay_seconds, MAX_IDLE_SECONDS)
        self.lifecycle.schedule_after(idle, lambda: self._scale_to_zero(run, deployment))

    def _choose_failure(self, deployment: Deployment, random: Random) -> str | None:
        if deployment.id not in self.automated:
            return None
        if deployment.availability_model == "spot" and random.random() < PREEMPTION_RATE:
            return "PREEMPTED"
        return "FAILED" if random.random() < FAILURE_RATE else None

    def _build_save(self, run: Run, deployment: Deployment, step: int) -> Callable[[], None]:
        def save() -> None:
            if deployment.active_run_id == run.id:
                self.save_checkpoints(run, step)

        return save

    def save_checkpoints(self, run: Run, step: int) -> None:
        """Add one step's trainer and sampler checkpoints, SYNCING at first."""
        random = Random(f"{self.world.seed}/{run.id}/{step}")  # noqa: S311
        nodes = 1 if run.deployment is None else run.deployment.node_count
        for target, seconds in (("trainer", 45), ("sampler", 20)):
            checkpoint = self.world.add_checkpoint(
                run=run,
                name=f"step-{step}",
                target=target,
                sync_status="SYNCING",
                node_count=nodes if target == "trainer" else 1,
            )
            self.lifecycle.schedule_sync(checkpoint, seconds * random.uniform(0.7, 1.4))

    def _fail(self, run: Run, deployment: Deployment, status: str) -> None:
        if deployment.active_run_id == run.id and deployment.status == "RUNNING":
            self.lifecycle.end_deployment(deployment, status)

    def _scale_to_zero(self, run: Run, deployment: Deployment) -> None:
        if deployment.active_run_id != run.id or deployment.stopping:
            return
        self.lifecycle.scale_to_zero(deployment)
        if deployment.id in self.automated:
            self.schedule_wake(run, deployment, self.lifecycle.create_random(run).uniform(60, 200))

    def schedule_wake(self, run: Run, deployment: Deployment, seconds: float) -> None:
        """Wake a deployment that is scaled to zero after `seconds`."""
        self.lifecycle.schedule_after(seconds, lambda: self._wake(run, deployment))

    def _wake(self, previous: Run, deployment: Deployment) -> None:
        if deployment.status != "SCALED_TO_ZERO" or deployment.stopping:
            return
        count = self.successor_counts.get(deployment.id, 0)
        if count >= MAX_SUCCESSORS:
            self.lifecycle.end_deployment(deployment, "STOPPED")
            return
        self.successor_counts[deployment.id] = count + 1
        run = self.world.add_run(
            session=self.world.sessions[previous.session_id],
            owner=previous.owner,
            base_model=previous.base_model,
            name=previous.name,
            deployment=deployment,
        )
        self.lifecycle.hand_over(run, deployment)

    def replace_deployment(self, deployment: Deployment) -> None:
        """Schedule a new deployment for an automated one that has ended."""
        if deployment.id not in self.automated:
            return
        self.automated.remove(deployment.id)
        finished = [one for one in self.started if one.id not in self.automated]
        for old in finished[:-MAX_FINISHED]:
            self.started.remove(old)
            self.world.remove_deployment(old)
        seconds = self.lifecycle.create_random(deployment).uniform(20, 60)
        self.lifecycle.schedule_after(seconds, self.start_training)

    def start_training(self) -> None:
        """Start a run of a random user and model on a new automated deployment."""
        random = Random(f"{self.world.seed}/{self.world.now}")  # noqa: S311
        owner = random.choice(self.users)
        models = [model.name for model in MODELS.values() if model.enabled]
        run = self.world.add_run(owner=owner, base_model=random.choice(models))
        deployment = self.world.add_deployment(
            run=run, status="CREATED", availability_model=random.choice(CAPACITIES)
        )
        self.started.append(deployment)
        self.automated.add(deployment.id)
        self.lifecycle.launch_run(run)

    def cycle_sampler(self, sampler: Sampler) -> None:
        """Let a standalone sampler scale to zero and wake, again and again."""
        random = self.lifecycle.create_random(sampler)

        def switch() -> None:
            if sampler.status == "ACTIVE":
                sampler.status = "SCALED_TO_ZERO"
            elif sampler.status == "SCALED_TO_ZERO":
                self.lifecycle.wake_sampler(sampler)
            if sampler.status not in ("DEACTIVATING", "INACTIVE"):
                self.lifecycle.schedule_after(random.uniform(60, 180), switch)

        self.lifecycle.schedule_after(random.uniform(30, 120), switch)


def parse_step(name: str) -> int:
    """100 for step-100; 0 for a name without a number at its end."""
    number = name.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() else 0
