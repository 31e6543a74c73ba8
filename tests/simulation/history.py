"""What was so in the simulated organisation, and when: the truth that pages are compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from loopsweb.simulator.entities import Entity
from loopsweb.simulator.world import World

Thing = tuple[str, str]  # noun, id
ABSENT, UNTOLD = "(absent)", "(not told)"
STATUS_FIELDS = {
    "run": "status",
    "sampler": "status",
    "checkpoint": "sync_status",
    "deployment": "status",
}


class History:
    """Each thing's status from each moment on; ABSENT where the API does not have it, UNTOLD where
    it leaves out the status. Call `note` after each change."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self.world, self.clock = world, clock
        self.known: dict[Thing, list[tuple[datetime, str]]] = defaultdict(list)
        self.owners: dict[Thing, str] = {}
        self.now: dict[Thing, str] = {}

    def note(self) -> None:
        found = dict(self.list_statuses())
        at = min(self.world.now, self.clock())
        for thing in found.keys() | self.now.keys():
            status = found.get(thing, ABSENT)
            if status != self.now.get(thing, ABSENT):
                self.known[thing].append((at, status))
        self.now = found

    def list_statuses(self) -> Iterator[tuple[Thing, str]]:
        for noun, entity, owner in self.list_entities():
            field = STATUS_FIELDS[noun]
            self.owners[noun, entity.id] = owner
            told = not entity.omit
            yield (noun, entity.id), getattr(entity, field) or "" if told else UNTOLD

    def list_entities(self) -> Iterator[tuple[str, Entity, str]]:
        """With the organisation of the owner."""
        world = self.world
        for run in world.runs.values():
            yield "run", run, run.owner.organization
            for checkpoint in run.checkpoints:
                yield "checkpoint", checkpoint, run.owner.organization
        for sampler in world.samplers.values():
            yield "sampler", sampler, sampler.owner.organization
        for deployment in world.deployments.values():
            yield "deployment", deployment, deployment.owner.organization

    def between(self, thing: Thing, since: datetime, until: datetime) -> set[str]:
        """Every status that it had at any moment of this time, its ends included."""
        before, found = ABSENT, set[str]()
        for at, status in self.known[thing]:
            if at > until:
                break
            if at <= since:
                if at == since:
                    found.add(before)
                before = status
            else:
                found.add(status)
        return found | {before}

    def ever(self, thing: Thing) -> set[str]:
        return {status for _, status in self.known[thing]}
