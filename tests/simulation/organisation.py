"""Two organisations as the API has them, and what happens in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import ENDED, Deployment, Entity, Run
from loopsweb.simulator.identities import OWN_SCOPE, Key

T = TypeVar("T")
MOST_RUNS = 5
ENDS = ("STOPPED", "FAILED", "PREEMPTED", "SCALED_TO_ZERO")


def choose(every: Sequence[T], number: int) -> T | None:
    return every[number % len(every)] if every else None


class Organisation:
    """secrets: {a word for the key: the key itself}. hidden: what the API does not list now, though
    it is there."""

    def __init__(self, simulator: Simulator, *, number: int) -> None:
        self.simulator, self.world = simulator, simulator.world
        ada, grace, noor = self.world.users[:3]
        mia = self.world.add_user("mia@example.org", "Mia", organization="other")
        self.owners = (ada, grace, noor)
        self.secrets = {
            word: f"{word}-simulated-{number:06d}" for word in ("whole", "second", "own", "other")
        }
        self.world.add_key(self.secrets["whole"], ada)
        self.world.add_key(self.secrets["second"], noor)
        self.world.add_key(self.secrets["own"], grace, scopes=(OWN_SCOPE,))
        self.world.add_key(self.secrets["other"], mia)
        self.revoked: dict[str, Key] = {}
        self.hidden: list[tuple[dict[str, Any], Entity]] = []
        run = self.world.add_run(owner=mia)
        self.world.add_deployment(run=run)

    def add_run(self, number: int) -> None:
        """One that trains already."""
        run = self.world.add_run(owner=self.owners[number % len(self.owners)])
        self.world.add_deployment(run=run)
        self.world.add_checkpoint(run=run)

    def start_run(self, number: int) -> None:
        if len(self.world.runs) >= MOST_RUNS:
            return
        run = self.world.add_run(owner=self.owners[number % len(self.owners)])
        self.world.add_deployment(run=run, status="CREATED")
        self.simulator.lifecycle.launch_run(run)

    def end_deployment(self, number: int, how: str) -> None:
        live = [each for each in self.own_deployments() if not has_ended(each)]
        deployment = choose(live, number)
        if deployment is None or deployment.stopping:
            return
        if how == "SCALED_TO_ZERO":
            self.simulator.lifecycle.scale_to_zero(deployment)
        else:
            self.simulator.lifecycle.end_deployment(deployment, how)

    def end_later(self, number: int, how: str, *, seconds: float) -> None:
        then = self.world.now + timedelta(seconds=seconds)
        self.world.schedule.add_event(then, partial(self.end_deployment, number, how))

    def remove_deployment(self, number: int) -> None:
        if (deployment := choose(self.own_deployments(), number)) is not None:
            self.world.remove_deployment(deployment)

    def own_deployments(self) -> list[Deployment]:
        return [each for each in self.world.deployments.values() if each.owner in self.owners]

    def save_checkpoint(self, number: int) -> None:
        run = choose(self.own_runs(), number)
        if run is not None and len(run.checkpoints) < 4:
            self.simulator.background_activity.save_checkpoints(run, 1000 + len(run.checkpoints))

    def lose_checkpoint(self, number: int) -> None:
        checkpoint = choose(list(self.world.checkpoints.values()), number)
        if checkpoint is not None:
            self.world.remove_checkpoint(checkpoint)

    def own_runs(self) -> list[Run]:
        return [each for each in self.world.runs.values() if each.owner in self.owners]

    def hide(self, number: int) -> None:
        """Leave one out of every answer. It goes on meanwhile."""
        world = self.world
        places: list[tuple[dict[str, Any], Entity]] = [
            (entities, entity)
            for entities in (world.deployments, world.runs, world.samplers)
            for entity in entities.values()
        ]
        found = choose(places, number)
        if found is not None:
            entities, entity = found
            del entities[entity.id]
            self.hidden.append(found)

    def show_hidden(self) -> None:
        for entities, entity in self.hidden:
            entities[entity.id] = entity
        self.hidden.clear()

    def omit_status(self, number: int) -> None:
        entity = choose(self.list_entities(), number)
        if entity is not None:
            entity.omit = ("status", "sync_status")

    def tell_everything(self) -> None:
        for entity in self.list_entities():
            entity.omit = ()

    def list_entities(self) -> list[Entity]:
        world = self.world
        every: tuple[dict[str, Any], ...] = (
            *(world.deployments, world.runs, world.samplers, world.checkpoints),
        )
        return [entity for entities in every for entity in entities.values()]

    def revoke_key(self, word: str) -> None:
        secret = self.secrets[word]
        if secret in self.world.keys:
            self.revoked[secret] = self.world.keys.pop(secret)

    def restore_keys(self) -> None:
        self.world.keys |= self.revoked
        self.revoked.clear()

    def come_to_rest(self) -> None:
        """Faults end, and nothing moves any more."""
        self.simulator.clear_faults()
        self.show_hidden()
        self.tell_everything()
        self.restore_keys()
        world = self.world
        for checkpoint in world.checkpoints.values():
            checkpoint.sync_status = "COMPLETE"
        for deployment in world.deployments.values():
            if deployment.stopping:
                self.simulator.lifecycle.end_deployment(deployment, "STOPPED")
            elif not has_ended(deployment):
                deployment.status = "RUNNING"
        for sampler in world.samplers.values():
            sampler.status = "ACTIVE" if sampler.status != "INACTIVE" else "INACTIVE"
        world.schedule.reset(world.now)


def has_ended(deployment: Deployment) -> bool:
    return deployment.status in ENDED
