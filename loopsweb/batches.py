"""What is too much at once, some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def split(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` values, the last of the rest."""
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch
