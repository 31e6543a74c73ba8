"""The base of every simulated object: JSON overrides, and JSON cached until a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from loopsweb.simulator.http_messages import encode_json


class Entity:
    """Counts its changes in `version`, which tells when cached JSON is stale.

    `extra` overrides fields of its JSON in every response, `omit` names fields to leave out.
    Assign new values instead of changing them in place.
    """

    version = 0
    extra: dict[str, Any]
    omit: tuple[str, ...]

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__[name] = value
        self.__dict__["version"] = self.version + 1

    def nested(self) -> Iterator[Entity]:
        """The entities whose JSON appears inside this one's."""
        yield from ()

    def version_stamp(self) -> tuple[int, ...]:
        """The versions of this entity and of those nested in it."""
        return (self.version, *(entity.version for entity in self.nested()))

    def cached_json(self, serialize: Callable[[Any], dict[str, Any]]) -> bytes:
        """What `serialize` returns as JSON, rebuilt only after a change."""
        stamp = self.version_stamp()
        cached = self.__dict__.get("_cached_json")
        if cached is None or cached[0] is not serialize or cached[1] != stamp:
            cached = (serialize, stamp, encode_json(serialize(self)))
            self.__dict__["_cached_json"] = cached
        json: bytes = cached[2]
        return json
