"""Add, check, replace, share and remove keys.

The API is called first, outside any transaction. Then the key and its audit event are saved
together.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from loopsweb.accounts.models import User, Workspace
from loopsweb.addresses import normalize_url
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.cipher import CipherError
from loopsweb.keys.clients import KeyUnusable, require_allowed_url
from loopsweb.keys.models import Key, KeyState
from loopsweb.keys.probe import KeyFacts, probe_key
from loopsweb.keys.scopes import ORGANISATION, OWN
from loopsweb.keys.signals import key_ready, key_removing, key_unusable
from loopsweb.loops_api.errors import LoopsError, Unauthorized

CHANGED = "This key was replaced or removed while the API was asked. Nothing was stored."
SECRET = ("ciphertext", "ring_id", "fingerprint", "prefix", "last4")
STATE = ("state", "state_reason", "state_since")
MISSING_SCOPES = "The API accepts this key, but it has neither of the scopes that Loops needs."


class DuplicateKey(Exception):
    """The workspace already has this key. The message names the other key only to its owner."""


class DifferentApi(Exception):
    def __init__(self, api_url: str) -> None:
        super().__init__(
            f"This workspace uses {api_url}, and a workspace has one API. "
            "Add a key for another API to another workspace."
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
    """Check the key with the API and save it.

    Raises DifferentApi, DuplicateKey, KeyUnusable or LoopsError; then nothing is saved.
    """
    require_allowed_url(api_url)
    api_url = normalize_url(api_url)
    key = Key(workspace=workspace, owner=owner, name=name, api_url=api_url, shared=shared)
    _refuse_different_api(key)
    key.created_at = key.state_since = now
    return _save_secret(key, secret, action="key.add", by=by, now=now)


@sensitive_variables()
def recheck(*, key: Key, by: Actor, now: datetime) -> Key:
    """Ask the API again what the key can do, and save its answer, even a refusal.

    Raises LoopsError if the API could not be reached, and KeyUnusable if the key was replaced or
    removed meanwhile; then it stays unchanged.
    """
    try:
        require_allowed_url(key.api_url)
        facts = probe_key(api_url=key.api_url, secret=key.decrypt_secret(), now=now)
    except (CipherError, KeyUnusable) as error:
        return _mark_unusable(key, KeyState.UNUSABLE, str(error), by=by, now=now)
    except Unauthorized as error:
        return _mark_unusable(key, KeyState.REFUSED, describe_refusal(error), by=by, now=now)
    except LoopsError as error:
        record_key_event(key, "key.check", Outcome.UNKNOWN, by=by, now=now, reason=error.plain)
        raise
    return _save_facts(key, facts, action="key.check", by=by, now=now)


@sensitive_variables()
def replace(*, key: Key, secret: str, by: Actor, now: datetime) -> Key:
    """Replace the key's secret if the API accepts the new one.

    Raises DuplicateKey, KeyUnusable or LoopsError; then the old secret stays.
    """
    require_allowed_url(key.api_url)
    key = Key.objects.get(pk=key.pk)
    return _save_secret(key, secret, action="key.replace", by=by, now=now)


@transaction.atomic
def share(*, key: Key, shared: bool, by: Actor, now: datetime) -> Key:
    """Allow or forbid the workspace's team to act with the key."""
    key.shared = shared
    if Key.objects.filter(pk=key.pk).update(shared=shared):
        answer = {"shared": shared}
        record_key_event(key, "key.share", Outcome.SUCCEEDED, by=by, now=now, answer=answer)
    return key


@transaction.atomic
def remove(*, key: Key, by: Actor, now: datetime, reason: str = "") -> None:
    """Delete the key and its ciphertext. Only the audit event remains.

    Lock order: the key's rows are deleted before the audit chain is locked.
    """
    key_removing.send(sender=Key, key=key, now=now)
    Key.objects.filter(pk=key.pk).delete()
    record_key_event(key, "key.remove", Outcome.SUCCEEDED, by=by, now=now, reason=reason)


def describe_refusal(error: Unauthorized) -> str:
    return f"The Loops API refused this key: {error.message}"


def _refuse_duplicate(key: Key) -> None:
    twins = Key.objects.filter(workspace_id=key.workspace_id, fingerprint=key.fingerprint)
    twin = twins.exclude(pk=key.pk).first()
    if twin is not None:
        raise DuplicateKey(
            f"This workspace already has this key: it is your key “{twin.name}”."
            if twin.owner_id == key.owner_id
            else "This workspace already has this key."
        )


def _refuse_different_api(key: Key) -> None:
    for other in Key.objects.in_workspace(key.workspace):
        if normalize_url(other.api_url) != normalize_url(key.api_url):
            raise DifferentApi(other.api_url)


def _save_secret(key: Key, secret: str, *, action: str, by: Actor, now: datetime) -> Key:
    key.set_secret(secret)
    _refuse_duplicate(key)
    try:
        facts = probe_key(api_url=key.api_url, secret=secret, now=now)
    except Unauthorized as error:
        reason = describe_refusal(error)
        record_key_event(key, action, Outcome.REFUSED, by=by, now=now, reason=reason)
        raise
    except LoopsError as error:
        record_key_event(key, action, Outcome.UNKNOWN, by=by, now=now, reason=error.plain)
        raise
    return _save_facts(key, facts, action=action, by=by, now=now)


def _save_facts(key: Key, facts: KeyFacts, *, action: str, by: Actor, now: datetime) -> Key:
    for name, value in asdict(facts).items():
        setattr(key, name, value)
    state, reason = KeyState.HEALTHY, ""
    if facts.can_list is False and facts.can_manage is False:
        state, reason = KeyState.FORBIDDEN, MISSING_SCOPES
    if key.state != state:
        key.state_since = now
    key.state, key.state_reason = state, reason
    answer = {
        "is_its_owners": key.api_email.lower() == key.owner.email if key.api_email else None,
        OWN: key.can_list,
        ORGANISATION: key.can_manage,
        "shared": key.shared,
    }
    try:
        with transaction.atomic():
            Workspace.objects.select_for_update(no_key=True).get(pk=key.workspace_id)
            if action == "key.add":
                _refuse_different_api(key)
                key.save()
            else:
                _update(key, [*asdict(facts), *STATE], replaces=action == "key.replace")
            record_key_event(key, action, Outcome.SUCCEEDED, by=by, now=now, answer=answer)
            if key.is_healthy:
                key_ready.send(sender=Key, key=key, now=now)
    except IntegrityError:
        _refuse_duplicate(key)
        raise
    except KeyUnusable as error:
        record_key_event(key, action, Outcome.UNKNOWN, by=by, now=now, reason=str(error))
        raise
    return key


def _update(key: Key, fields: list[str], *, replaces: bool) -> None:
    """What others changed of it while the API was asked stays. Raises KeyUnusable."""
    stored = Key.objects.select_for_update().filter(pk=key.pk)
    if (stored if replaces else stored.filter(fingerprint=key.fingerprint)).first() is None:
        raise KeyUnusable(CHANGED)
    key.save(update_fields=[*fields, *SECRET] if replaces else fields)


@transaction.atomic
def _mark_unusable(key: Key, state: KeyState, reason: str, *, by: Actor, now: datetime) -> Key:
    key.checked_at = now
    Key.objects.filter(pk=key.pk, fingerprint=key.fingerprint).update(checked_at=now)
    key.set_state(state, reason, now=now)
    key_unusable.send(sender=Key, key=key)
    record_key_event(key, "key.check", Outcome.REFUSED, by=by, now=now, reason=reason)
    return key


def record_key_event(
    key: Key,
    action: str,
    outcome: str,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    answer: Any = None,
) -> None:
    record_event(
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
