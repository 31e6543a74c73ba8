"""What a search finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from loopsweb.ui.search import normalize_text


@dataclass(frozen=True, kw_only=True)
class Hit:
    """url: where it leads; nothing is done by following it. names: what it is called exactly.
    icon: the name of a Heroicon. is_id: shown as an id is."""

    kind: str
    label: str
    url: str
    icon: str
    detail: str = ""
    names: frozenset[str] = field(default_factory=frozenset)
    is_id: bool = False

    def is_called(self, typed: str) -> bool:
        return normalize_text(typed) in {normalize_text(name) for name in self.names}


def join_details(values: Iterable[str]) -> str:
    return " · ".join(value for value in values if value)


def matches(text: str, typed: str) -> bool:
    """True if every word of `typed` is somewhere in `text`."""
    normalized = normalize_text(text)
    return all(normalize_text(word) in normalized for word in typed.split())
