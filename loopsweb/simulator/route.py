"""A route: its method and path, the scope it needs, the generations that have it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from .authorized_request import Call
from .exchange import Answer


@dataclass(frozen=True)
class Route:
    """`path` names its parts in braces; `scope` None is open to any valid key."""

    method: str
    path: str
    handler: Callable[[Call], Answer]
    scope: str | None
    generations: tuple[str, ...] = ("documented", "current")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a path and captures its parts."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))
