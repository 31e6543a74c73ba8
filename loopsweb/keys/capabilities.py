"""What a key can do, as rows for its page."""

from __future__ import annotations

from dataclasses import dataclass

from loopsweb.keys.models import Key
from loopsweb.keys.scopes import NEWER_ROUTES, ORGANISATION, OWN, SCOPES


@dataclass(frozen=True, slots=True)
class Capability:
    """answer: None while it is unknown."""

    name: str
    purpose: str
    answer: bool | None


def list_scopes(key: Key) -> list[Capability]:
    held = {OWN: key.can_list, ORGANISATION: key.can_manage}
    return [Capability(scope, purpose, held[scope]) for scope, purpose in SCOPES.items()]


def list_newer_routes(key: Key) -> list[Capability]:
    return [
        Capability(route, purpose, key.offers.get(name))
        for name, (route, purpose) in NEWER_ROUTES.items()
    ]
