"""The organisation's everyday activity: deployments scale to zero, wake, end and start."""

from __future__ import annotations

from random import Random

from loopsweb.simulator.catalogue import MODELS
from loopsweb.simulator.entities import Deployment, Run, Sampler
from loopsweb.simulator.identities import User
from loopsweb.simulator.lifecycle import Lifecycle
from loopsweb.simulator.run_activity import RunActivity

MAX_SUCCESSORS = 2
MAX_FINISHED = 12
CAPACITIES = ("dedicated", "dedicated", "dedicated", "spot")


class BackgroundActivity(RunActivity):
    """Keeps automated deployments changing.

    Deployments started here are removed some time after they ended, so the world does not grow.
    Initial ones and those created through the API stay.
    """

    def __init__(self, lifecycle: Lifecycle) -> None:
        super().__init__(lifecycle)
        self.users: list[User] = []
        self.started: list[Deployment] = []
        self.successor_counts: dict[str, int] = {}
        lifecycle.on_ended = self.replace_deployment

    def reset(self) -> None:
        """Forget the users and the automated deployments."""
        self.users.clear()
        self.started.clear()
        self.automated.clear()
        self.successor_counts.clear()

    def on_scaled_to_zero(self, run: Run, deployment: Deployment) -> None:
        """Schedule the next run, or the end, of an automated deployment."""
        if deployment.id in self.automated:
            self.schedule_wake(run, deployment, self.lifecycle.random_for(run).uniform(60, 200))

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
        self.lifecycle.schedule_after(
            self.lifecycle.random_for(deployment).uniform(20, 60), self.start_training
        )

    def start_training(self) -> None:
        """Start a run of a random user and model on a new automated deployment."""
        chance = Random(f"{self.world.seed}/{self.world.now}")  # noqa: S311
        owner = chance.choice(self.users)
        models = [model.name for model in MODELS.values() if model.enabled]
        run = self.world.add_run(owner=owner, base_model=chance.choice(models))
        deployment = self.world.add_deployment(
            run=run, status="CREATED", availability_model=chance.choice(CAPACITIES)
        )
        self.started.append(deployment)
        self.automated.add(deployment.id)
        self.lifecycle.launch_run(run)

    def cycle_sampler(self, sampler: Sampler) -> None:
        """Let a standalone sampler scale to zero and wake, again and again."""
        chance = self.lifecycle.random_for(sampler)

        def switch() -> None:
            if sampler.status == "ACTIVE":
                sampler.status = "SCALED_TO_ZERO"
            elif sampler.status == "SCALED_TO_ZERO":
                self.lifecycle.wake_sampler(sampler)
            if sampler.status not in ("DEACTIVATING", "INACTIVE"):
                self.lifecycle.schedule_after(chance.uniform(60, 180), switch)

        self.lifecycle.schedule_after(chance.uniform(30, 120), switch)
