"""Removes the keys of a member who leaves the team."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from loopsweb.accounts.models import Membership
from loopsweb.accounts.teams.signals import member_leaving
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.models import Key


@receiver(member_leaving)
def remove_keys(membership: Membership, by: Actor, now: datetime, **_: Any) -> None:
    keys = Key.objects.filter(owner=membership.user, workspace__team=membership.team)
    for key in keys.select_related("workspace", "owner"):
        actor: Actor = {**by, "workspace": key.workspace.slug}
        actions.remove(key=key, by=actor, now=now, reason="Its owner left the team.")
