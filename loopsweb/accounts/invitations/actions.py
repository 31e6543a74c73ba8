"""Changes of invitations. Each is recorded in the audit, in the transaction that makes it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from loopsweb.accounts.models import Invitation, Membership, Team, User, digest_token
from loopsweb.accounts.teams.actions import AlreadyMember
from loopsweb.accounts.teams.audit import record_team_event
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor

LIFETIME = timedelta(days=7)


class InvitationClosed(Exception):
    """The message says why."""

    def __init__(self, invitation: Invitation, now: datetime) -> None:
        super().__init__(explain_closed(invitation, now=now))


class AccountExists(Exception):
    """Somebody made the account meanwhile, by another way. They sign in to accept."""


def explain_closed(invitation: Invitation | None, *, now: datetime) -> str:
    """invitation: as it is now; None for an unknown link."""
    if invitation is None:
        return "There is no such invitation."
    if invitation.accepted_at:
        return f"It was already accepted, on {invitation.accepted_at:%Y-%m-%d at %H:%M} UTC."
    if invitation.revoked_at:
        return f"It was revoked or declined on {invitation.revoked_at:%Y-%m-%d at %H:%M} UTC."
    if invitation.expires_at <= now:
        return f"It expired on {invitation.expires_at:%Y-%m-%d at %H:%M} UTC."
    return "Its sender is no longer an admin of the team, or it is for another email."


def close(invitation: Invitation, now: datetime, *, person: str = "", **closed: datetime) -> None:
    """Take it, if it is open, so that nobody else can. person: the email it must be for. Raises
    InvitationClosed."""
    found = Invitation.objects.open(now).filter(pk=invitation.pk)
    if not found.filter(**({"email": person} if person else {})).update(**closed):
        invitation.refresh_from_db()
        raise InvitationClosed(invitation, now)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """token: the secret part of the link. It is not stored and cannot be shown again."""

    invitation: Invitation
    token: str


@transaction.atomic
def create_invitation(
    *, team: Team, email: str, role: str, by: Actor, now: datetime
) -> NewInvitation:
    """Revoke any open invitation for the same email and create another. Raises AlreadyMember."""
    email = email.lower()
    Team.objects.select_for_update().get(pk=team.pk)  # two at once would not see each other's
    if team.memberships.filter(user__email=email).exists():
        raise AlreadyMember(email)
    team.invitations.open(now).filter(email=email).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    invitation = team.invitations.create(
        email=email,
        role=role,
        digest=digest_token(token),
        invited_by=by["person"],
        invited_at=now,
        expires_at=now + LIFETIME,
    )
    person = ("person", email)
    answer = {"role": role, "expires_at": invitation.expires_at.isoformat()}
    record_team_event(team, "member.invite", target=person, by=by, now=now, answer=answer)
    return NewInvitation(invitation, token)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Actor, now: datetime) -> None:
    """Raises InvitationClosed."""
    close(invitation, now, revoked_at=now)
    person = ("person", invitation.email)
    record_team_event(invitation.team, "invitation.revoke", target=person, by=by, now=now)


@transaction.atomic
def accept_invitation(
    *, invitation: Invitation, person: User, by: Actor, now: datetime
) -> Membership:
    """Make the person a member. Raises InvitationClosed, also if the invitation is for another
    email."""
    close(invitation, now, person=person.email, accepted_at=now)
    return join(invitation, person, by=by, now=now)


def join(invitation: Invitation, person: User, *, by: Actor, now: datetime) -> Membership:
    team, defaults = invitation.team, {"role": invitation.role, "joined_at": now}
    membership, _ = Membership.objects.get_or_create(team=team, user=person, defaults=defaults)
    by = {**by, "person": person.email, "role": membership.role}
    target, answer = ("person", person.email), {"role": membership.role}
    record_team_event(team, "member.join", target=target, by=by, now=now, answer=answer)
    return membership


@transaction.atomic
def decline_invitation(*, invitation: Invitation, person: User, by: Actor, now: datetime) -> None:
    """Raises InvitationClosed, also if the invitation is for another email."""
    close(invitation, now, person=person.email, revoked_at=now)
    team, target, outcome = invitation.team, ("person", person.email), Outcome.DECLINED
    record_team_event(team, "invitation.decline", target=target, outcome=outcome, by=by, now=now)


@transaction.atomic
def accept_with_new_account(
    *, invitation: Invitation, name: str, password: str, by: Actor, now: datetime
) -> Membership:
    """Create the person's account and make them a member. Raises InvitationClosed, AccountExists.

    The invitation is taken first: of several people who use the link at once, one gets further.
    """
    close(invitation, now, accepted_at=now)
    try:
        with transaction.atomic():
            person = User.objects.create_user(invitation.email, password, name=name)
    except IntegrityError as error:
        raise AccountExists from error
    return join(invitation, person, by=by, now=now)
