"""Creates and revokes tokens, and records both in the workspace's audit trail."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.json_api.tokens.models import PREFIX, AccessToken, Scope, hash_token

MAX_VALID = 50  # of one person


class TooManyTokens(Exception):
    """The message says what to do."""

    def __init__(self) -> None:
        super().__init__(f"You have {MAX_VALID} valid tokens. Revoke one that is no longer used.")


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """secret: shown once and stored nowhere."""

    token: AccessToken
    secret: str


@transaction.atomic
def create(
    *,
    person: User,
    workspace: Workspace,
    name: str,
    days: int,
    by: Actor,
    now: datetime,
    scope: str = Scope.READ,
) -> CreatedToken:
    """Raises TooManyTokens."""
    User.objects.select_for_update().get(pk=person.pk)  # two at once would not count each other
    if AccessToken.objects.valid(now).filter(person=person).count() >= MAX_VALID:
        raise TooManyTokens
    secret = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken.objects.create(
        person=person,
        workspace=workspace,
        name=name,
        scope=scope,
        digest=hash_token(secret),
        last4=secret[-4:],
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    _record_token_event(token, "token.make", by=by, now=now)
    return CreatedToken(token, secret)


@transaction.atomic
def revoke(*, token: AccessToken, by: Actor, now: datetime, reason: str = "") -> None:
    """Revoking a token twice records one event."""
    if AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        _record_token_event(token, "token.revoke", by=by, now=now, reason=reason)


def _record_token_event(
    token: AccessToken, action: str, *, by: Actor, now: datetime, reason: str = ""
) -> None:
    record_event(
        **by,
        action=action,
        outcome=Outcome.SUCCEEDED,
        target_noun="token",
        target_id=str(token.pk),
        target_name=str(token),
        target_owner=token.person.email,
        reason=reason,
        answer={"scope": token.scope, "expires_at": token.expires_at.isoformat()},
        now=now,
    )
