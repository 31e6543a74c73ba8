"""Builds API clients from stored keys. Only this module decrypts a key for use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.db.models import Q

from loopsweb.accounts.models import User, Workspace
from loopsweb.addresses import normalize_url
from loopsweb.cipher import CipherError
from loopsweb.keys.models import Key
from loopsweb.loops_api import Client
from loopsweb.loops_api.client import Generation
from loopsweb.loops_api.request_limits import Limits

PAGE_LIMITS = Limits(read=8, read_list=8, deadline=10, deadline_list=10, attempts=1)
PAGE_METHODS = frozenset(
    {
        "list_files",
        "list_checkpoints",
        "get_session",
        "get_run",
        "get_sampler",
        "get_deployment",
        "list_logs",
        "list_sampler_logs",
        "get_metrics",
        "list_debug_archive",
        "validate_checkpoint",
    }
)
NO_KEY = "You have no API key in this workspace, and no teammate shares one. Add a key."


class NoKey(Exception):
    """No key can be used for this. The message says why and what to do."""


class KeyUnusable(Exception):
    """This key cannot be decrypted or must not be sent to its URL. The message says why."""


@dataclass(frozen=True, slots=True)
class KeyClient:
    """An API client and the key it sends; audit events name the key."""

    client: Client
    key: Key


def find_client(*, workspace: Workspace, person: User, method: str = "") -> KeyClient:
    """Use the person's own healthy key, or else one that a teammate shares. Raises NoKey.

    method: the client method to call, such as "deactivate_deployment"; keys that cannot call it
        are skipped. Methods that a page waits for get short timeouts and no retries.
    """
    reason, limits = "", PAGE_LIMITS if method in PAGE_METHODS else Limits()
    for key in _find_usable_keys(workspace=workspace, person=person):
        obstacle = key.explain_missing_access(method) if method else ""
        if not obstacle:
            try:
                return KeyClient(client=build_client(key, limits=limits), key=key)
            except KeyUnusable as unusable:
                obstacle = str(unusable)
        reason = reason or obstacle
    raise NoKey(reason or _explain_no_key(workspace=workspace, person=person))


def find_key(*, workspace: Workspace, person: User, method: str) -> Key | None:
    """Return the key that `find_client` tries first, without decrypting it."""
    keys = _find_usable_keys(workspace=workspace, person=person)
    return next((key for key in keys if not key.explain_missing_access(method)), None)


def explain_missing_access(*, workspace: Workspace, person: User, method: str) -> str:
    """Say why the person cannot call `method` here; "" if they can. Shown on disabled buttons."""
    reasons = [
        key.explain_missing_access(method)
        for key in _find_usable_keys(workspace=workspace, person=person)
    ]
    if "" in reasons:
        return ""
    return reasons[0] if reasons else _explain_no_key(workspace=workspace, person=person)


def build_client(key: Key, *, limits: Limits | None = None) -> Client:
    """Raises KeyUnusable if its URL is not allowed or it cannot be decrypted."""
    require_allowed_url(key.api_url)
    generation = cast("Generation", key.generation)
    try:
        return Client(
            base_url=key.api_url, key=key.decrypt_secret(), generation=generation, limits=limits
        )
    except CipherError as error:
        raise KeyUnusable(str(error)) from error


def require_allowed_url(api_url: str) -> None:
    if normalize_url(api_url) not in settings.LOOPSWEB_API_URLS:
        raise KeyUnusable(
            f"The API URL {api_url} is not allowed. An administrator of loopsweb can add it to "
            "LOOPSWEB_API_URLS."
        )


def _find_usable_keys(*, workspace: Workspace, person: User) -> list[Key]:
    """Own keys come first, then the most capable ones."""
    own_or_shared = Q(owner=person) | Q(shared=True)
    keys = Key.objects.in_workspace(workspace).usable().filter(own_or_shared)
    return sorted(
        keys,
        key=lambda key: (
            key.owner_id != person.pk,
            key.can_manage is not True,
            not key.sees_organisation,
            key.pk,
        ),
    )


def _explain_no_key(*, workspace: Workspace, person: User) -> str:
    own = Key.objects.in_workspace(workspace).filter(owner=person).first()
    if own is None:
        return NO_KEY
    return f"Your API key {own} cannot be used: {own.state_reason} Re-check or replace it."
