"""Values in the unit in which they are shown, so that the ticks of an axis are round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BYTES = (("B", 1), ("KiB", 2**10), ("MiB", 2**20), ("GiB", 2**30), ("TiB", 2**40), ("PiB", 2**50))
SECONDS = (("s", 1), ("min", 60), ("h", 3600), ("d", 86400))


@dataclass(frozen=True)
class Unit:
    name: str
    size: int

    def convert(self, value: float | None) -> float | None:
        return None if value is None else value / self.size

    def show(self, value: float) -> str:
        """value: in this unit."""
        return f"{value:,.4g} {self.name}"


def choose_unit(values: Iterable[float | None], units: tuple[tuple[str, int], ...]) -> Unit:
    """The largest of which the highest value has at least two."""
    highest = max((value for value in values if value is not None), default=0)
    fitting = [one for one in units if highest >= 2 * one[1]]
    return Unit(*(fitting or units[:1])[-1])
