"""Every change of a status, as it happened: nobody who only polls knows it that exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loopsweb.simulator.entities import Entity
from loopsweb.simulator.serialization import format_timestamp
from loopsweb.simulator.store import Store


class StatusLog:
    """Of the resources of a world. Call `note` after each event of its schedule."""

    def __init__(self, world: Store) -> None:
        self.world = world
        self.entries: list[dict[str, Any]] = []
        self._known: dict[str, str | None] = {}

    def note(self) -> None:
        """Add the changes since the last call, at the world's time."""
        for noun, field, entity in self._list_entities():
            status = getattr(entity, field)
            if (before := self._known.get(entity.id)) == status:
                continue
            self._known[entity.id] = status
            if before is not None:
                change = {"noun": noun, "id": entity.id, "field": field, "old": before}
                at = format_timestamp(self.world.now)
                self.entries.append(change | {"new": status, "at": at})

    def clear(self) -> None:
        self.entries.clear()
        self._known.clear()

    def _list_entities(self) -> Iterator[tuple[str, str, Entity]]:
        world = self.world
        yield from (("run", "status", one) for one in world.runs.values())
        yield from (("sampler", "status", one) for one in world.samplers.values())
        yield from (("deployment", "status", one) for one in world.deployments.values())
        yield from (("checkpoint", "sync_status", one) for one in world.checkpoints.values())
