"""A route: its method, path, handler, required scope, and the generations that have it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.http_messages import Response


@dataclass(frozen=True)
class Route:
    """`path` names its parts in braces. Without `scope` any valid key will do."""

    method: str
    path: str
    handler: Callable[[AuthorizedRequest], Response]
    scope: str | None
    generations: tuple[str, ...] = ("documented", "current")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a path and captures its named parts."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))
