"""What every object of the world can do: bend its JSON, and keep it until something changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class Thing:
    """Counts its own changes in `version`, so that JSON kept for it is known to be stale.

    `extra` is laid over the object's JSON in every answer, `omit` names fields left out of it.
    Assign new ones instead of changing them in place.
    """

    version = 0
    extra: dict[str, Any]
    omit: tuple[str, ...]

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__[name] = value
        self.__dict__["version"] = self.version + 1

    def parts(self) -> Iterator[Thing]:
        """The objects that appear inside this one's JSON."""
        yield from ()

    def stamp(self) -> tuple[int, ...]:
        """The versions of this object and of those its JSON contains."""
        return (self.version, *(part.version for part in self.parts()))

    def kept(self, shape: Callable[[Any], bytes]) -> bytes:
        """The JSON that `shape` makes of this object, made again only after a change."""
        stamp = self.stamp()
        known = self.__dict__.get("_kept")
        if known is None or known[0] is not shape or known[1] != stamp:
            known = (shape, stamp, shape(self))
            self.__dict__["_kept"] = known
        made: bytes = known[2]
        return made
