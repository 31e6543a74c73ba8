"""Making and revoking tokens, told in the audit of the workspace that they open."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record
from loopsweb.json_api.tokens.models import PREFIX, AccessToken, Scope, digest


@dataclass(frozen=True, slots=True)
class Made:
    """secret: shown once; it is nowhere else, and cannot be had again."""

    token: AccessToken
    secret: str


@transaction.atomic
def make(
    *,
    person: User,
    workspace: Workspace,
    name: str,
    days: int,
    by: Actor,
    now: datetime,
    scope: str = Scope.READ,
) -> Made:
    secret = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken.objects.create(
        person=person,
        workspace=workspace,
        name=name,
        scope=scope,
        digest=digest(secret),
        last4=secret[-4:],
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    _tell(token, "token.make", by=by, now=now)
    return Made(token, secret)


@transaction.atomic
def revoke(*, token: AccessToken, by: Actor, now: datetime, reason: str = "") -> None:
    """Revoking twice is told once."""
    if AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        _tell(token, "token.revoke", by=by, now=now, reason=reason)


def _tell(token: AccessToken, action: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    record(
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
