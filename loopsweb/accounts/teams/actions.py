"""Changes of teams. Each is recorded in the audit of all the team's workspaces, in the transaction
that makes it."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction

from loopsweb.accounts.models import (
    Membership,
    Role,
    Team,
    User,
    Workspace,
    create_workspace,
    set_up_team,
)
from loopsweb.accounts.teams.audit import record_team_event
from loopsweb.accounts.teams.signals import member_leaving
from loopsweb.audit.record import Actor

NO_ADMIN_LEFT = "A team needs at least one admin who can sign in. Make someone else an admin first."
SET_UP_MFA_FIRST = (
    "You would lock yourself out: you have not set up two-factor authentication. Set it up first."
)


class TeamError(Exception):
    """A change of a team that is not allowed. The message says why and what to do."""


class LastAdmin(TeamError): ...


class MFANotSetUp(TeamError): ...


class UnknownPerson(TeamError): ...


class AlreadyMember(TeamError):
    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is already a member. You can change their role.")


@transaction.atomic
def create_team(*, name: str, founder: User, by: Actor, now: datetime) -> Team:
    """The founder becomes its admin, and it starts with a workspace of the same name."""
    team = set_up_team(name=name, founder=founder)
    record_team_event(team, "workspace.create", by=by, now=now, target=("workspace", name))
    return team


@transaction.atomic
def rename_team(*, team: Team, name: str, by: Actor, now: datetime) -> None:
    before, team.name = team.name, name
    team.save(update_fields=["name"])
    answer = {"before": before, "after": name}
    record_team_event(team, "team.rename", by=by, now=now, target=("team", name), answer=answer)


@transaction.atomic
def set_mfa_requirement(
    *, team: Team, required: bool, person: User, by: Actor, now: datetime
) -> None:
    """Raises MFANotSetUp for an admin, `person`, who would lock themselves out."""
    if team.second_factor_required == required:
        return
    if required and not is_mfa_enabled(person):
        raise MFANotSetUp(SET_UP_MFA_FIRST)
    team.second_factor_required = required
    team.save(update_fields=["second_factor_required"])
    target, policy = ("team", team.name), "second_factor_required"
    answer = {"was": {policy: not required}, "is": {policy: required}}
    record_team_event(team, "team.policy", by=by, now=now, target=target, answer=answer)


@transaction.atomic
def add_workspace(*, team: Team, name: str, by: Actor, now: datetime) -> Workspace:
    workspace = create_workspace(name=name, team=team)
    record_team_event(team, "workspace.create", by=by, now=now, target=("workspace", name))
    return workspace


@transaction.atomic
def add_member(*, team: Team, email: str, role: str, by: Actor, now: datetime) -> Membership:
    """Raises UnknownPerson or AlreadyMember."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise UnknownPerson(
            f"There is no account with the email {email}. Invite them to create one."
        )
    membership, is_new = Membership.objects.get_or_create(
        team=team, user=user, defaults={"role": role, "joined_at": now}
    )
    if not is_new:
        raise AlreadyMember(user.email)
    person, answer = ("person", user.email), {"role": role}
    record_team_event(team, "member.add", by=by, now=now, target=person, answer=answer)
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Actor, now: datetime) -> None:
    """Raises LastAdmin."""
    if membership.role == role:
        return
    if role != Role.ADMIN:
        _require_another_admin(membership)
    answer = {"before": membership.role, "after": role}
    membership.role = role
    membership.save(update_fields=["role"])
    person = ("person", membership.user.email)
    record_team_event(membership.team, "member.role", by=by, now=now, target=person, answer=answer)


@transaction.atomic
def revoke_links(*, team: Team, by: Actor, now: datetime, member: Membership | None = None) -> None:
    """Whatever links to files were made until now open nothing: of one member, or of all."""
    whose = team.memberships.all() if member is None else team.memberships.filter(pk=member.pk)
    whose.update(links_revoked_at=now)
    target = ("team", team.name) if member is None else ("person", member.user.email)
    record_team_event(team, "member.revoke_links", by=by, now=now, target=target)


@transaction.atomic
def remove_member(*, membership: Membership, by: Actor, now: datetime) -> None:
    """Also deletes the API keys and access tokens that the member added. Raises LastAdmin."""
    _end_membership(membership, "member.remove", by=by, now=now)


@transaction.atomic
def leave_team(*, membership: Membership, by: Actor, now: datetime) -> None:
    """Like remove_member, but by the member. Raises LastAdmin."""
    _end_membership(membership, "member.leave", by=by, now=now)


def _end_membership(membership: Membership, action: str, *, by: Actor, now: datetime) -> None:
    _require_another_admin(membership)
    member_leaving.send(sender=Membership, membership=membership, by=by, now=now)
    person, answer = ("person", membership.user.email), {"role": membership.role}
    record_team_event(membership.team, action, by=by, now=now, target=person, answer=answer)
    membership.delete()


def _require_another_admin(membership: Membership) -> None:
    """If the member is an admin, the team must have another one who can sign in. Raises LastAdmin.

    The lock makes two admins who demote each other at the same time wait for each other.
    """
    team = Team.objects.select_for_update().get(pk=membership.team_id)
    admins = team.memberships.filter(role=Role.ADMIN)
    others = admins.filter(user__is_active=True).exclude(pk=membership.pk)
    if admins.filter(pk=membership.pk).exists() and not others.exists():
        raise LastAdmin(NO_ADMIN_LEFT)
