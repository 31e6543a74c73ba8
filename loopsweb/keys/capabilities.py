"""What a key can do, row by row, for the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from loopsweb.keys.models import Key
from loopsweb.keys.scopes import NEWER_ROUTES, ORGANISATION, OWN, SCOPES


@dataclass(frozen=True, slots=True)
class Row:
    """answer: yes, no, or None where nobody knows yet."""

    name: str
    purpose: str
    answer: bool | None


def scopes(key: Key) -> list[Row]:
    held = {OWN: key.can_list, ORGANISATION: key.can_manage}
    return [Row(scope, purpose, held[scope]) for scope, purpose in SCOPES.items()]


def newer_routes(key: Key) -> list[Row]:
    return [
        Row(route, purpose, key.offers.get(name)) for name, (route, purpose) in NEWER_ROUTES.items()
    ]
