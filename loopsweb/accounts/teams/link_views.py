"""Revoking links to files: one's own in every team, or those of all members of a team."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    TeamRequest,
    require_team_permission,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.teams import actions
from loopsweb.audit.record import actor_of_request


@signed_in
@require_POST
def revoke_own_links(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    for member in request.user.memberships.select_related("team", "user"):
        by = actor_of_request(request, role=member.role)
        actions.revoke_links(team=member.team, member=member, by=by, now=now)
    messages.success(request, "Your links to files open nothing any more.")
    return redirect("tokens:list")


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def revoke_links(request: TeamRequest) -> HttpResponse:
    by = actor_of_request(request)
    actions.revoke_links(team=request.team, by=by, now=timezone.now())
    messages.success(request, "The team's links to files open nothing any more.")
    return redirect("team_tokens:list", request.team.pk)
