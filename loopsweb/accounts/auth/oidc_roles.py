"""What the groups of a sign-in service grant: roles, in the teams that the map speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts.models import Membership, Role, Team, User, Workspace
from loopsweb.accounts.teams import actions
from loopsweb.audit.record import actor

log = structlog.get_logger(__name__)
STRENGTH = [Role.VIEWER, Role.OPERATOR, Role.ADMIN]


@dataclass(frozen=True, slots=True)
class Grant:
    group: str
    workspace: str
    role: str


def grants(entries: Iterable[str]) -> list[Grant]:
    """Read `group=workspace:role`. Raises ValueError."""
    found = []
    for entry in entries:
        group, _, place = entry.rpartition("=")
        workspace, _, role = place.partition(":")
        if not (group and workspace and role in STRENGTH):
            raise ValueError(
                f"LOOPSWEB_OIDC_ROLES: {entry!r} is not `group=workspace:role`, "
                f"with one of the roles {', '.join(STRENGTH)}."
            )
        found.append(Grant(group, workspace, role))
    return found


def claims_of(sociallogin: SocialLogin) -> dict[str, Any]:
    said = sociallogin.account.extra_data
    return {**said.get("id_token", {}), **said.get("userinfo", {})}


def granted(claims: dict[str, Any]) -> list[Grant]:
    said = claims.get(settings.OIDC_GROUPS_CLAIM, [])
    groups = {str(each) for each in said} if isinstance(said, list) else {str(said)}
    return [grant for grant in grants(settings.OIDC_ROLES) if grant.group in groups]


@receiver(user_logged_in)
def keep_to_groups(
    request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    """The strongest role that the groups grant in each team they can speak of; none: out."""
    if sociallogin is None:
        return
    strongest: dict[int, str] = {}
    teams = dict(Workspace.objects.values_list("slug", "team_id"))
    map_ = grants(settings.OIDC_ROLES)
    spoken_of = {teams[each.workspace] for each in map_ if each.workspace in teams}
    for grant in granted(claims_of(sociallogin)):
        if (team_id := teams.get(grant.workspace)) is not None:
            held = strongest.get(team_id, grant.role)
            strongest[team_id] = max(held, grant.role, key=lambda role: STRENGTH.index(Role(role)))
    for team in Team.objects.filter(pk__in=spoken_of).order_by("pk"):
        keep_in(team, user, strongest.get(team.pk, ""), request)


def keep_in(team: Team, person: User, role: str, request: HttpRequest) -> None:
    membership = Membership.objects.filter(team=team, user=person).select_related("team").first()
    by, now = actor(request, role=role or (membership.role if membership else "")), timezone.now()
    try:
        if membership is None and role:
            actions.add_member(team=team, email=person.email, role=role, by=by, now=now)
        elif membership is not None and role:
            actions.change_role(membership=membership, role=role, by=by, now=now)
        elif membership is not None:
            actions.remove_member(membership=membership, by=by, now=now)
    except actions.LastAdmin:
        log.warning("last_admin_stays", team=team.name, email=person.email)
