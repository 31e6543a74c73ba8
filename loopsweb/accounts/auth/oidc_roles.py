"""Roles from the groups of an OpenID Connect provider, as LOOPSWEB_OIDC_ROLES maps them."""

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
from loopsweb.audit.record import actor_of_request

log = structlog.get_logger(__name__)
ROLES_BY_STRENGTH = [Role.VIEWER, Role.OPERATOR, Role.ADMIN]


@dataclass(frozen=True, slots=True)
class RoleMapping:
    group: str
    workspace: str
    role: str


def parse_role_mappings(entries: Iterable[str]) -> list[RoleMapping]:
    """Each entry is `group=workspace:role`. Raises ValueError."""
    mappings = []
    for entry in entries:
        group, _, place = entry.rpartition("=")
        workspace, _, role = place.partition(":")
        if not (group and workspace and role in ROLES_BY_STRENGTH):
            raise ValueError(
                f"LOOPSWEB_OIDC_ROLES: {entry!r} is not `group=workspace:role`, "
                f"with one of the roles {', '.join(ROLES_BY_STRENGTH)}."
            )
        mappings.append(RoleMapping(group, workspace, role))
    return mappings


def read_claims(sociallogin: SocialLogin) -> dict[str, Any]:
    data = sociallogin.account.extra_data
    return {**data.get("id_token", {}), **data.get("userinfo", {})}


def find_matching_mappings(claims: dict[str, Any]) -> list[RoleMapping]:
    """The configured mappings of the groups in the claims: a list, or a single name."""
    claimed = claims.get(settings.OIDC_GROUPS_CLAIM, [])
    groups = {str(each) for each in claimed} if isinstance(claimed, list) else {str(claimed)}
    mappings = parse_role_mappings(settings.OIDC_ROLES)
    return [each for each in mappings if each.group in groups]


@receiver(user_logged_in)
def sync_roles(
    request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    """Give the person the strongest mapped role in each team that LOOPSWEB_OIDC_ROLES names, and
    remove them from those in which they have none. Other teams are left alone."""
    if sociallogin is None:
        return
    matching = find_matching_mappings(read_claims(sociallogin))
    matching.sort(key=lambda each: ROLES_BY_STRENGTH.index(Role(each.role)))
    teams = dict(Workspace.objects.values_list("slug", "team_id"))
    strongest = {teams.get(each.workspace): each.role for each in matching}
    mapped = [each.workspace for each in parse_role_mappings(settings.OIDC_ROLES)]
    for team in Team.objects.filter(workspaces__slug__in=mapped).distinct().order_by("pk"):
        sync_role(team, user, strongest.get(team.pk, ""), request)


def sync_role(team: Team, person: User, role: str, request: HttpRequest) -> None:
    """role: "" to remove the person. The last admin of a team stays."""
    membership = Membership.objects.filter(team=team, user=person).select_related("team").first()
    by = actor_of_request(request, role=role or (membership.role if membership else ""))
    now = timezone.now()
    try:
        if membership is None and role:
            actions.add_member(team=team, email=person.email, role=role, by=by, now=now)
        elif membership is not None and role:
            actions.change_role(membership=membership, role=role, by=by, now=now)
        elif membership is not None:
            actions.remove_member(membership=membership, by=by, now=now)
    except actions.LastAdmin:
        log.warning("last_admin_stays", team=team.name, email=person.email)
