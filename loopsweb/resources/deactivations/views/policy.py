"""The deactivation policy of a team."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.auth.reauthentication import require_reauthentication
from loopsweb.accounts.authorization.decorators import (
    TeamRequest,
    require_team_permission,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.resources.deactivations.policy_forms import PolicyForm
from loopsweb.resources.deactivations.requirements import change_policy, load_policy
from loopsweb.ui.pages import render_page


@require_team_permission(Permission.MANAGE_TEAM)
@require_reauthentication
def edit_policy(request: TeamRequest) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = PolicyForm(sent, instance=load_policy(request.team))
    if sent is not None and form.is_valid():
        change_policy(form.instance, by=actor_of_request(request), now=timezone.now())
        messages.success(request, "Saved.")
        return redirect("teams:detail", request.team.pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else 200
    context = {"team": request.team, "form": form}
    return render_page(request, "deactivations/policy.html", context, status=status)
