"""The organisation's everyday bustle: deployments rest, wake, end, and others begin."""

from __future__ import annotations

from random import Random

from .catalogue import MODELS
from .entities import Deployment, Run, Sampler
from .lifecycle import Life
from .people import User
from .training import Training

SUCCESSORS = 2
MOST_FINISHED = 12
CAPACITIES = ("dedicated", "dedicated", "dedicated", "spot")


class Ambience(Training):
    """Moves what is told to live. What began here is dropped some time after it ended, so that
    the world stays of one size; what was there at first or came through the API stays."""

    def __init__(self, life: Life) -> None:
        super().__init__(life)
        self.people: list[User] = []
        self.born: list[Deployment] = []
        self.successors: dict[str, int] = {}
        life.ended = self.replace

    def restart(self) -> None:
        """Forget what was alive and who is here."""
        self.people.clear()
        self.born.clear()
        self.lively.clear()
        self.successors.clear()

    def rested(self, run: Run, deployment: Deployment) -> None:
        """Somebody comes back to it after a while, or ends it."""
        if deployment.id in self.lively:
            self.sleep(run, deployment, self.life.chance(run).uniform(60, 200))

    def sleep(self, run: Run, deployment: Deployment, seconds: float) -> None:
        """A lively deployment stays at zero for so long."""
        self.life.after(seconds, lambda: self._wake(run, deployment))

    def _wake(self, prior: Run, deployment: Deployment) -> None:
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
        finished = [one for one in self.born if one.id not in self.lively]
        for old in finished[:-MOST_FINISHED]:
            self.born.remove(old)
            self.world.remove_deployment(old)
        self.life.after(self.life.chance(deployment).uniform(20, 60), self.begin)

    def begin(self) -> None:
        """Somebody starts training something."""
        chance = Random(f"{self.world.seed}/{self.world.now}")  # noqa: S311
        owner = chance.choice(self.people)
        models = [model.name for model in MODELS.values() if model.enabled]
        run = self.world.add_run(owner=owner, base_model=chance.choice(models))
        deployment = self.world.add_deployment(
            run=run, status="CREATED", availability_model=chance.choice(CAPACITIES)
        )
        self.born.append(deployment)
        self.lively.add(deployment.id)
        self.life.launch(run)

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
