"""The organisation's everyday bustle: runs save, rest, wake, end, and others begin."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .catalogue import MODELS
from .life import Life
from .things import Deployment, Run, Sampler

SAVES = (6, 14)
SUCCESSORS = 2
MOST_FINISHED = 12


class Ambience:
    """Moves what is told to live. Its own runs are dropped some time after they end, so that the
    world stays of one size; what was there at first or was created through the API stays."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.world = life.world
        self.born: list[Deployment] = []
        self.lively: set[str] = set()
        self.successors: dict[str, int] = {}
        life.running = self.train
        life.ended = self.replace

    def restart(self) -> None:
        """Forget what was alive."""
        self.born.clear()
        self.lively.clear()
        self.successors.clear()

    def train(self, run: Run) -> None:
        """A running run saves every minute or two, then falls idle; some fail, some are preempted."""
        chance = self.life.chance(run)
        saves = chance.randint(*SAVES)
        steps = max((step_of(one.name) for one in run.checkpoints), default=0)
        deployment = run.deployment
        if deployment is None:
            return
        elapsed = chance.uniform(25, 60)
        for number in range(1, saves + 1):
            self.life.after(elapsed, self._saving(run, deployment, steps + 100 * number))
            elapsed += chance.uniform(70, 130)
        mishap = self._mishap(deployment, chance)
        if mishap is not None:
            self.life.after(
                elapsed * chance.uniform(0.3, 0.9), lambda: self._fail(run, deployment, mishap)
            )
        rest = elapsed + min(run.scale_down_delay_seconds, 240)
        self.life.after(rest, lambda: self._rest(run, deployment))

    def _mishap(self, deployment: Deployment, chance: Random) -> str | None:
        if deployment.id not in self.lively:
            return None
        if deployment.availability_model == "spot" and chance.random() < 0.4:
            return "PREEMPTED"
        return "FAILED" if chance.random() < 0.08 else None

    def _saving(self, run: Run, deployment: Deployment, step: int) -> Callable[[], None]:
        def save() -> None:
            if deployment.active_run_id == run.id:
                self.save(run, step)

        return save

    def save(self, run: Run, step: int) -> None:
        """One step's checkpoints, for the trainer and for the sampler, SYNCING at first."""
        chance = self.life.chance(run)
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
        if deployment.id in self.lively:
            self.rest_until_woken(run, deployment, self.life.chance(run).uniform(60, 200))

    def rest_until_woken(self, run: Run, deployment: Deployment, seconds: float) -> None:
        """A deployment at zero, for so long."""
        self.life.after(seconds, lambda: self._wake(run, deployment))

    def _wake(self, prior: Run, deployment: Deployment) -> None:
        """A successor takes over a deployment at rest; after a few, its owner ends it."""
        if deployment.status != "SCALED_TO_ZERO" or deployment.stopping:
            return
        taken = self.successors.get(deployment.id, 0)
        if taken >= SUCCESSORS:
            self.life.end(deployment, "STOPPED")
            return
        self.successors[deployment.id] = taken + 1
        run = self.world.add_run(
            session=self.world.sessions[prior.session_id],
            owner=prior.owner,
            base_model=prior.base_model,
            name=prior.name,
            deployment=deployment,
        )
        self.life.succeed(run, deployment)

    def replace(self, deployment: Deployment) -> None:
        """Some time after one has ended, somebody starts another."""
        if deployment.id not in self.lively:
            return
        self.lively.remove(deployment.id)
        self._retire()
        seconds = self.life.chance(deployment).uniform(20, 60)
        self.life.after(seconds, self.begin)

    def begin(self) -> None:
        """Somebody starts training something."""
        chance = Random(f"{self.world.seed}/{len(self.world.runs)}/{self.world.now}")  # noqa: S311
        people = [user for user in self.world.users if user.organization == "acme"]
        models = [model.name for model in MODELS.values() if model.enabled]
        run = self.world.add_run(owner=chance.choice(people), base_model=chance.choice(models))
        deployment = self.world.add_deployment(
            run=run,
            status="CREATED",
            availability_model=chance.choice(("dedicated", "dedicated", "spot")),
        )
        self.born.append(deployment)
        self.lively.add(deployment.id)
        self.life.launch(run)

    def _retire(self) -> None:
        finished = [one for one in self.born if one.id not in self.lively]
        for deployment in finished[:-MOST_FINISHED]:
            self.born.remove(deployment)
            self.world.remove_deployment(deployment)

    def nap(self, sampler: Sampler) -> None:
        """A standalone sampler that is used now and then."""
        chance = self.life.chance(sampler)

        def turn() -> None:
            if sampler.status == "ACTIVE":
                sampler.status = "SCALED_TO_ZERO"
            elif sampler.status == "SCALED_TO_ZERO":
                self.life.wake(sampler)
            if sampler.status not in ("DEACTIVATING", "INACTIVE"):
                self.life.after(chance.uniform(60, 180), turn)

        self.life.after(chance.uniform(30, 120), turn)


def step_of(name: str) -> int:
    """The number at the end of step-100; 0 for another name."""
    number = name.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() else 0
