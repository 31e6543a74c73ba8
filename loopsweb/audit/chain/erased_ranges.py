"""How an erasure says what it emptied, so that nothing else can be. Standard library only."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

ERASURE = "audit.erase"
WIDTH = 1000  # characters


def told(places: Mapping[str, Iterable[int]]) -> dict[str, list[str]]:
    """{field: the numbers of its links, as "1-3 7"}, in texts of a bounded length."""
    return {name: textwrap.wrap(ranges(numbers), WIDTH) for name, numbers in places.items()}


def ranges(numbers: Iterable[int]) -> str:
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(f"{first}-{last}" if last > first else str(first) for first, last in found)


def places_of(answer: Mapping[str, Any]) -> set[tuple[str, int]]:
    """(field, number) of all that an erasure's answer tells of."""
    found: set[tuple[str, int]] = set()
    for name, texts in answer["erased"].items():
        for each in " ".join(texts).split():
            first, _, last = each.partition("-")
            found.update((name, number) for number in range(int(first), int(last or first) + 1))
    return found
