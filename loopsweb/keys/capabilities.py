"""The capabilities of a key, as rows for its page."""

from __future__ import annotations

from typing import NamedTuple

from loopsweb.keys.models import Key
from loopsweb.keys.scopes import NEWER_ROUTES, ORGANISATION, OWN, SCOPES


class Capability(NamedTuple):
    name: str
    purpose: str
    answer: bool | None  # None while it is unknown


def list_scopes(key: Key) -> list[Capability]:
    granted = {OWN: key.can_list, ORGANISATION: key.can_manage}
    return [Capability(scope, purpose, granted[scope]) for scope, purpose in SCOPES.items()]


def list_newer_routes(key: Key) -> list[Capability]:
    return [Capability(*route, key.offers.get(name)) for name, route in NEWER_ROUTES.items()]
