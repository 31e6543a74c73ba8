"""What can be done with a key. The API is asked first, outside any transaction; then the key and
the audit event that tells of it are saved together."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record
from loopsweb.cipher import CipherError
from loopsweb.keys.clients import KeyUnusable, require_allowed_url
from loopsweb.keys.models import Key, KeyState
from loopsweb.keys.probe import KeyFacts, try_key
from loopsweb.keys.signals import key_ready
from loopsweb.loops_api.errors import LoopsError, Unauthorized

WITHOUT_SCOPES = "The API knows this key but gives it neither of the scopes that Loops asks for."


class DuplicateKey(Exception):
    """The workspace has this key already. The message tells whose only if it is one's own."""


class AnotherApi(Exception):
    def __init__(self, api_url: str) -> None:
        super().__init__(
            f"This workspace is read from {api_url}, and a workspace has one API. "
            "Put a key of another API into another workspace."
        )


@sensitive_variables()
def add(
    *,
    workspace: Workspace,
    owner: User,
    name: str,
    secret: str,
    api_url: str,
    shared: bool,
    by: Actor,
    now: datetime,
) -> Key:
    """Try the key and keep it.

    Raises AnotherApi, DuplicateKey, KeyUnusable or a LoopsError: then nothing is kept.
    """
    require_allowed_url(api_url)
    other = Key.objects.in_workspace(workspace).exclude(api_url=api_url).first()
    if other is not None:
        raise AnotherApi(other.api_url)
    key = Key(workspace=workspace, owner=owner, name=name, api_url=api_url, shared=shared)
    key.created_at = key.state_since = now
    key.put(secret)
    _refuse_duplicate(key)
    _learn(key, _tried(key, secret, action="key.add", by=by, now=now), now=now)
    _save(key, action="key.add", by=by, now=now)
    return key


@sensitive_variables()
def recheck(*, key: Key, by: Actor, now: datetime) -> Key:
    """Ask the API again what the key can do. What it says of the key is kept, also a refusal.

    Raises a LoopsError when the API could not be asked: what was known stays.
    """
    try:
        require_allowed_url(key.api_url)
        facts = try_key(api_url=key.api_url, secret=key.secret(), now=now)
    except (CipherError, KeyUnusable) as error:
        return _turned_bad(key, KeyState.UNREADABLE, str(error), by=by, now=now)
    except Unauthorized as error:
        return _turned_bad(key, KeyState.REFUSED, refusal(error), by=by, now=now)
    except LoopsError as error:
        tell(key, "key.check", Outcome.UNKNOWN, by=by, now=now, reason=error.plain)
        raise
    _learn(key, facts, now=now)
    _save(key, action="key.check", by=by, now=now)
    return key


@sensitive_variables()
def replace(*, key: Key, secret: str, by: Actor, now: datetime) -> Key:
    """Put another secret in the key's place, if the API knows it; else the old one stays.

    Raises DuplicateKey, KeyUnusable or a LoopsError.
    """
    require_allowed_url(key.api_url)
    key = Key.objects.get(pk=key.pk)
    key.put(secret)
    _refuse_duplicate(key)
    _learn(key, _tried(key, secret, action="key.replace", by=by, now=now), now=now)
    _save(key, action="key.replace", by=by, now=now)
    return key


@transaction.atomic
def share(*, key: Key, shared: bool, by: Actor, now: datetime) -> Key:
    """Let the workspace's team act with the key, or no longer."""
    key.shared = shared
    key.save(update_fields=["shared"])
    tell(key, "key.share", Outcome.SUCCEEDED, by=by, now=now, answer={"shared": shared})
    return key


@transaction.atomic
def remove(*, key: Key, by: Actor, now: datetime, reason: str = "") -> None:
    """Delete the key with its ciphertext. The audit event is all that remains.

    The rows that were read with it before the chain, as everywhere.
    """
    Key.objects.filter(pk=key.pk).delete()
    tell(key, "key.remove", Outcome.SUCCEEDED, by=by, now=now, reason=reason)


def refusal(error: Unauthorized) -> str:
    return f"The Loops API refused this key: {error.message}"


def _refuse_duplicate(key: Key) -> None:
    twins = Key.objects.filter(workspace_id=key.workspace_id, fingerprint=key.fingerprint)
    twin = twins.exclude(pk=key.pk).first()
    if twin is not None:
        raise DuplicateKey(
            f"This is your key “{twin.name}”, which this workspace has already."
            if twin.owner_id == key.owner_id
            else "This workspace has this key already."
        )


def _tried(key: Key, secret: str, *, action: str, by: Actor, now: datetime) -> KeyFacts:
    try:
        return try_key(api_url=key.api_url, secret=secret, now=now)
    except Unauthorized as error:
        tell(key, action, Outcome.REFUSED, by=by, now=now, reason=refusal(error))
        raise
    except LoopsError as error:
        tell(key, action, Outcome.UNKNOWN, by=by, now=now, reason=error.plain)
        raise


def _learn(key: Key, facts: KeyFacts, *, now: datetime) -> None:
    for name, value in asdict(facts).items():
        setattr(key, name, value)
    state, reason = KeyState.HEALTHY, ""
    if facts.can_list is False and facts.can_manage is False:
        state, reason = KeyState.FORBIDDEN, WITHOUT_SCOPES
    if key.state != state:
        key.state_since = now
    key.state, key.state_reason = state, reason


def _save(key: Key, *, action: str, by: Actor, now: datetime) -> None:
    try:
        with transaction.atomic():
            key.save()
            tell(key, action, Outcome.SUCCEEDED, by=by, now=now, answer=_told(key))
            if key.is_healthy:
                key_ready.send(sender=Key, key=key, now=now)
    except IntegrityError:
        _refuse_duplicate(key)
        raise


@transaction.atomic
def _turned_bad(key: Key, state: KeyState, reason: str, *, by: Actor, now: datetime) -> Key:
    key.checked_at = now
    key.save(update_fields=["checked_at"])
    key.mark(state, reason, now=now)
    tell(key, "key.check", Outcome.REFUSED, by=by, now=now, reason=reason)
    return key


def _told(key: Key) -> dict[str, Any]:
    return {
        "is_its_owners": key.api_email.lower() == key.owner.email if key.api_email else None,
        "manage_own_user_or_service_account": key.can_list,
        "manage_org_training_projects": key.can_manage,
        "shared": key.shared,
    }


def tell(
    key: Key,
    action: str,
    outcome: str,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    answer: Any = None,
) -> None:
    record(
        **by,
        action=action,
        outcome=outcome,
        key_label=str(key),
        key_fingerprint=key.fingerprint,
        target_noun="key",
        target_id=str(key.uid),
        target_name=key.name,
        target_owner=key.owner.email,
        reason=reason,
        answer=answer,
        now=now,
    )
