"""Revokes the tokens of a member who leaves a team, so that they stay invalid on return."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from loopsweb.accounts.models import Membership
from loopsweb.accounts.teams.signals import member_leaving
from loopsweb.audit.record import Actor
from loopsweb.json_api.models import AccessToken
from loopsweb.json_api.tokens import actions


@receiver(member_leaving)
def revoke_tokens(membership: Membership, by: Actor, now: datetime, **_: Any) -> None:
    tokens = AccessToken.objects.filter(
        person=membership.user,
        workspace__team=membership.team,
        revoked_at=None,
        expires_at__gt=now,
    )
    for token in tokens.select_related("workspace", "person").order_by("workspace__slug", "pk"):
        actor: Actor = {**by, "workspace": token.workspace.slug}
        actions.revoke(token=token, by=actor, now=now, reason="Its owner left the team.")
