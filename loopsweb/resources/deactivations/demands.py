"""What the team demands of this person before this is ended, and how the request then goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.models import Batch
from loopsweb.resources.deactivations.plans import Plan
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.preflight import Preflight

NOT_SAID = "The API does not say whose it is."
SOMEBODY_ELSES = "It belongs to somebody else."


@dataclass(frozen=True, kw_only=True)
class Demands:
    """typing: why its id is to be typed. approval: why a second person must agree. refused: why
    it is not done at all. Each "" where that is not so. The last two are kept, so they name nobody.
    """

    reason: bool
    typing: str = ""
    approval: str = ""
    refused: str = ""

    @property
    def stands_in_the_way(self) -> str:
        """What breaking glass passes over."""
        return self.refused or self.approval


def own_addresses(workspace: Workspace, person: User) -> frozenset[str]:
    """The emails under which the API may know the person: theirs here, and their keys' there."""
    keys = Key.objects.in_workspace(workspace).usable().filter(owner=person).exclude(api_email="")
    return frozenset(
        email.lower() for email in (person.email, *keys.values_list("api_email", flat=True))
    )


def demands(one: Preflight, *, policy: Policy, own: frozenset[str]) -> Demands:
    others = [owner for owner in one.owners if owner.lower() not in own]
    typing = f"It is {' and '.join(others)}'s, not yours." if others else ""
    if one.loses:
        typing = f"{typing} Something would be lost.".strip()
    marks = (f"{mark.noun.capitalize()} {mark.remote_id} is protected." for mark in one.protections)
    protected, approval = " ".join(marks), ""
    refused = "" if policy.approve_protected else protected
    if protected and policy.approve_protected:
        approval = protected
    elif policy.approve_others and (others or not one.target.owner_email):
        approval = SOMEBODY_ELSES if others else NOT_SAID
    return Demands(reason=policy.reason_required, typing=typing, approval=approval, refused=refused)


def plan(
    one: Preflight,
    asked: Demands,
    *,
    policy: Policy,
    now: datetime,
    broke_glass: bool = False,
    batch: Batch | None = None,
    token: str = "",
) -> Plan:
    """Breaking glass passes over the second person, the protection and the time to undo."""
    expires_at = due_at = None
    if asked.approval and not broke_glass:
        expires_at = now + timedelta(hours=policy.approval_hours)
    elif not broke_glass and (policy.undo_seconds or batch):
        due_at = now + timedelta(seconds=policy.undo_seconds)
    return Plan(
        why_approval=asked.stands_in_the_way,
        expires_at=expires_at,
        due_at=due_at,
        broke_glass=broke_glass,
        foreseen=one.foreseen,
        batch=batch,
        token=token,
    )
