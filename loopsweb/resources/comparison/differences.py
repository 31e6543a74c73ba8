"""Two JSON objects side by side, field by field."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 12
NOT_GIVEN = object()


@dataclass(frozen=True)
class Cell:
    """text: the value as JSON, texts without quotes. is_given: False where the API gave none, which
    is not null. is_old: True if only an earlier answer gave it."""

    text: str
    is_given: bool = True
    is_old: bool = False


@dataclass(frozen=True)
class Line:
    path: str
    a: Cell
    b: Cell
    differs: bool


def flatten(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Each path with its value. A list is one value, and so is an empty object."""
    if isinstance(value, Mapping) and value and depth < MAX_DEPTH:
        for name in value:
            yield from flatten(value[name], f"{path}.{name}" if path else str(name), depth + 1)
    else:
        yield path, value


def compare(
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    *,
    old_a: Collection[str] = (),
    old_b: Collection[str] = (),
) -> list[Line]:
    """old_a, old_b: the paths that the last answer left out; their values are of an earlier one."""
    left, right = dict(flatten(a)) if a else {}, dict(flatten(b)) if b else {}
    lines = []
    for path in [*left, *(one for one in right if one not in left)]:
        one, other = left.get(path, NOT_GIVEN), right.get(path, NOT_GIVEN)
        lines.append(
            Line(
                path,
                build_cell(one, is_old=is_within(path, old_a)),
                build_cell(other, is_old=is_within(path, old_b)),
                differs=one is NOT_GIVEN or other is NOT_GIVEN or not is_same(one, other),
            )
        )
    return lines


def is_same(one: Any, other: Any) -> bool:
    """1 is 1.0, but not true."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def is_within(path: str, names: Collection[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in names)


def build_cell(value: Any, *, is_old: bool) -> Cell:
    if value is NOT_GIVEN:
        return Cell("", is_given=False)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Cell(text, is_old=is_old)
