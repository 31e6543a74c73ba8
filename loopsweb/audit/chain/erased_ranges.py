"""Encodes the list of erased values in an erasure event. Standard library only."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

ERASURE = "audit.erase"
WIDTH = 1000  # characters


def encode_erased_ranges(links: Mapping[str, Iterable[int]]) -> dict[str, list[str]]:
    """{field: the numbers of its links as "1-3 7"}, in texts of at most WIDTH characters."""
    return {name: textwrap.wrap(format_ranges(numbers), WIDTH) for name, numbers in links.items()}


def format_ranges(numbers: Iterable[int]) -> str:
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return " ".join(f"{first}-{last}" if last > first else str(first) for first, last in ranges)


def decode_erased_ranges(answer: Mapping[str, Any]) -> set[tuple[str, int]]:
    """(field, link number) of each value that an erasure event's answer lists."""
    erased: set[tuple[str, int]] = set()
    for name, texts in answer["erased"].items():
        for each in " ".join(texts).split():
            first, _, last = each.partition("-")
            erased.update((name, number) for number in range(int(first), int(last or first) + 1))
    return erased
