"""From a stored key to a client that may use it: the only place where a key is decrypted to act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.db.models import Q

from loopsweb.accounts.models import User, Workspace
from loopsweb.cipher import CipherError
from loopsweb.keys.models import Key
from loopsweb.loops_api import Client
from loopsweb.loops_api.bounds import Limits
from loopsweb.loops_api.client import Generation

WHILE_A_PAGE_WAITS = Limits(read=8, read_list=8, deadline=10, deadline_list=10, attempts=1)
READ_FOR_A_PAGE = frozenset({"list_files", "get_session"})
NO_KEY = "You have no API key in this workspace, and no team-mate shares one. Add a key."


class NoKey(Exception):
    """Nobody's key may be used for this. The message says why and what to do."""


class KeyUnusable(Exception):
    """This key must not or cannot be used, whatever the API thinks of it. The message says why."""


@dataclass(frozen=True, slots=True)
class Acting:
    """client: asks the API with `key`. The audit event names the key."""

    client: Client
    key: Key


def client_for(*, workspace: Workspace, person: User, method: str = "") -> Acting:
    """The person's own healthy key here, else one that a team-mate shares. Raises NoKey.

    method: what will be called, such as "deactivate_deployment"; keys known not to be able to do
        it are passed over. What is only read for a page that waits is asked once, briefly.
    """
    reason, limits = "", WHILE_A_PAGE_WAITS if method in READ_FOR_A_PAGE else Limits()
    for key in _candidates(workspace=workspace, person=person):
        why_not = key.cannot(method) if method else ""
        if not why_not:
            try:
                return Acting(client=client_of(key, limits=limits), key=key)
            except KeyUnusable as unusable:
                why_not = str(unusable)
        reason = reason or why_not
    raise NoKey(reason or _why_none(workspace=workspace, person=person))


def key_for(*, workspace: Workspace, person: User, method: str) -> Key | None:
    """The key that `client_for` would try first, not decrypted."""
    keys = _candidates(workspace=workspace, person=person)
    return next((key for key in keys if not key.cannot(method)), None)


def why_not(*, workspace: Workspace, person: User, method: str) -> str:
    """Why the person cannot do this here: the words on a disabled button; "" when they can."""
    reasons = [key.cannot(method) for key in _candidates(workspace=workspace, person=person)]
    if "" in reasons:
        return ""
    return reasons[0] if reasons else _why_none(workspace=workspace, person=person)


def client_of(key: Key, *, limits: Limits | None = None) -> Client:
    """Raises KeyUnusable: its address is not allowed, or it cannot be decrypted."""
    require_allowed_url(key.api_url)
    generation = cast("Generation", key.generation)
    try:
        return Client(base_url=key.api_url, key=key.secret(), generation=generation, limits=limits)
    except CipherError as error:
        raise KeyUnusable(str(error)) from error


def require_allowed_url(api_url: str) -> None:
    if api_url not in settings.LOOPSWEB_API_URLS:
        raise KeyUnusable(
            f"The API URL {api_url} is not among those that loopsweb may talk to. "
            "Whoever runs loopsweb can add it to LOOPSWEB_API_URLS."
        )


def _candidates(*, workspace: Workspace, person: User) -> list[Key]:
    """Own keys first, then those that can do and see most."""
    mine_or_shared = Q(owner=person) | Q(shared=True)
    keys = Key.objects.in_workspace(workspace).usable().filter(mine_or_shared)
    return sorted(
        keys,
        key=lambda key: (
            key.owner_id != person.pk,
            key.can_manage is not True,
            not key.sees_organisation,
            key.pk,
        ),
    )


def _why_none(*, workspace: Workspace, person: User) -> str:
    own = Key.objects.in_workspace(workspace).filter(owner=person).first()
    if own is None:
        return NO_KEY
    return f"Your API key {own} cannot be used: {own.state_reason} Re-check or replace it."
