"""Inviting, taking back, and coming in: each told in the audit by the transaction that does it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from loopsweb.accounts.invitations.models import Invitation, digest
from loopsweb.accounts.models import Membership, Team, User
from loopsweb.accounts.teams.actions import AlreadyMember
from loopsweb.accounts.teams.audit import tell_team
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor

LIFE = timedelta(days=7)


class NoLongerOpen(Exception):
    def __init__(self) -> None:
        super().__init__(
            "This invitation was used or taken back, is too old, or who sent it is no longer "
            "an admin. Ask for another one."
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """token: for the link; it is nowhere else, and cannot be had again."""

    invitation: Invitation
    token: str


@transaction.atomic
def invite(*, team: Team, email: str, role: str, by: Actor, now: datetime) -> Sent:
    """An earlier open invitation of the same email is taken back. Raises AlreadyMember."""
    email = email.lower()
    if membership := team.memberships.filter(user__email=email).select_related("user").first():
        raise AlreadyMember(membership)
    team.invitations.open(now).filter(email=email).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    invitation = team.invitations.create(
        email=email,
        role=role,
        digest=digest(token),
        invited_by=by["person"],
        invited_at=now,
        expires_at=now + LIFE,
    )
    answer = {"role": role, "expires_at": invitation.expires_at.isoformat()}
    tell_team(team, "member.invite", target=("person", email), by=by, now=now, answer=answer)
    return Sent(invitation, token)


@transaction.atomic
def revoke(*, invitation: Invitation, by: Actor, now: datetime) -> None:
    """Raises NoLongerOpen."""
    if not Invitation.objects.open(now).filter(pk=invitation.pk).update(revoked_at=now):
        raise NoLongerOpen
    person = ("person", invitation.email)
    tell_team(invitation.team, "invitation.revoke", target=person, by=by, now=now)


@transaction.atomic
def accept(*, invitation: Invitation, person: User, by: Actor, now: datetime) -> Membership:
    """For somebody who signs in with the invitation's email. Raises NoLongerOpen."""
    if person.email != invitation.email:
        raise NoLongerOpen
    if not Invitation.objects.open(now).filter(pk=invitation.pk).update(accepted_at=now):
        raise NoLongerOpen
    membership, _ = Membership.objects.get_or_create(
        team=invitation.team,
        user=person,
        defaults={"role": invitation.role, "joined_at": now},
    )
    actor: Actor = {**by, "person": person.email, "role": membership.role}
    answer = {"role": membership.role}
    target = ("person", person.email)
    tell_team(invitation.team, "member.join", target=target, by=actor, now=now, answer=answer)
    return membership


@transaction.atomic
def decline(*, invitation: Invitation, person: User, by: Actor, now: datetime) -> None:
    """For whom it is for. Raises NoLongerOpen."""
    mine = Invitation.objects.open(now).filter(pk=invitation.pk, email=person.email)
    if not mine.update(revoked_at=now):
        raise NoLongerOpen
    tell_team(
        invitation.team,
        "invitation.decline",
        target=("person", person.email),
        outcome=Outcome.DECLINED,
        by=by,
        now=now,
    )


@transaction.atomic
def accept_as_new(
    *, invitation: Invitation, name: str, password: str, by: Actor, now: datetime
) -> Membership:
    """Make the account and take the place. Raises NoLongerOpen."""
    person = User.objects.create_user(invitation.email, password, name=name)
    return accept(invitation=invitation, person=person, by=by, now=now)
