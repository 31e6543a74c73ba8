"""What can be done with teams. Each change is written into the audit of all the team's workspaces,
in the transaction that makes it."""

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
    found_team,
    open_workspace,
)
from loopsweb.accounts.teams.audit import tell_team
from loopsweb.accounts.teams.signals import member_leaving
from loopsweb.audit.record import Actor


class LastAdmin(Exception):
    def __init__(self) -> None:
        super().__init__(
            "A team keeps at least one admin who can sign in. Make someone else admin first."
        )


class NoSecondFactor(Exception):
    def __init__(self) -> None:
        super().__init__(
            "You have no second factor yourself: you would shut yourself out. Set one up first."
        )


class NoSuchPerson(Exception):
    def __init__(self, email: str) -> None:
        super().__init__(
            f"Nobody here signs in as {email}. Invite them: they then make their own account."
        )


class AlreadyMember(Exception):
    def __init__(self, membership: Membership) -> None:
        super().__init__(f"{membership.user.email} is a member already. Change the role below.")


@transaction.atomic
def found(*, name: str, founder: User, by: Actor, now: datetime) -> Team:
    """A team with its founder as admin and a first workspace of the same name."""
    team = found_team(name=name, founder=founder)
    tell_team(team, "workspace.create", by=by, now=now, target=("workspace", name))
    return team


@transaction.atomic
def rename(*, team: Team, name: str, by: Actor, now: datetime) -> None:
    before, team.name = team.name, name
    team.save(update_fields=["name"])
    answer = {"before": before, "after": name}
    tell_team(team, "team.rename", by=by, now=now, target=("team", name), answer=answer)


@transaction.atomic
def require_second_factor(
    *, team: Team, required: bool, person: User, by: Actor, now: datetime
) -> None:
    """Raises NoSecondFactor for an admin, `person`, who has none."""
    if team.second_factor_required == required:
        return
    if required and not is_mfa_enabled(person):
        raise NoSecondFactor
    team.second_factor_required = required
    team.save(update_fields=["second_factor_required"])
    was = {"second_factor_required": not required}
    answer = {"was": was, "is": {"second_factor_required": required}}
    tell_team(team, "team.policy", target=("team", team.name), by=by, now=now, answer=answer)


@transaction.atomic
def add_workspace(*, team: Team, name: str, by: Actor, now: datetime) -> Workspace:
    workspace = open_workspace(name=name, team=team)
    tell_team(team, "workspace.create", by=by, now=now, target=("workspace", name))
    return workspace


@transaction.atomic
def add_member(*, team: Team, email: str, role: str, by: Actor, now: datetime) -> Membership:
    """Raises NoSuchPerson or AlreadyMember."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise NoSuchPerson(email)
    membership, is_new = Membership.objects.get_or_create(
        team=team, user=user, defaults={"role": role, "joined_at": now}
    )
    if not is_new:
        raise AlreadyMember(membership)
    answer = {"role": role}
    tell_team(team, "member.add", by=by, now=now, target=("person", user.email), answer=answer)
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
    tell_team(membership.team, "member.role", by=by, now=now, target=person, answer=answer)


@transaction.atomic
def remove_member(*, membership: Membership, by: Actor, now: datetime) -> None:
    """Raises LastAdmin. What the member brought, such as API keys, goes with them."""
    _end(membership, "member.remove", by=by, now=now)


@transaction.atomic
def leave(*, membership: Membership, by: Actor, now: datetime) -> None:
    """As remove_member, by the member. Raises LastAdmin."""
    _end(membership, "member.leave", by=by, now=now)


def _end(membership: Membership, action: str, *, by: Actor, now: datetime) -> None:
    _require_another_admin(membership)
    member_leaving.send(sender=Membership, membership=membership, by=by, now=now)
    person = ("person", membership.user.email)
    answer = {"role": membership.role}
    tell_team(membership.team, action, by=by, now=now, target=person, answer=answer)
    membership.delete()


def _require_another_admin(membership: Membership) -> None:
    """Of an admin: one who can sign in. Two who demote each other at once wait for each other."""
    team = Team.objects.select_for_update().get(pk=membership.team_id)
    admins = team.memberships.filter(role=Role.ADMIN)
    others = admins.filter(user__is_active=True).exclude(pk=membership.pk)
    if admins.filter(pk=membership.pk).exists() and not others.exists():
        raise LastAdmin
