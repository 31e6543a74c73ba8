"""What a team demands before something is ended, and what it protects."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.reauthentication import confirmed
from loopsweb.accounts.authorization.decorators import (
    TeamRequest,
    WorkspaceRequest,
    require,
    require_in_team,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor
from loopsweb.resources.deactivations import policing
from loopsweb.resources.deactivations.policies import policy_of
from loopsweb.resources.deactivations.policy_forms import PolicyForm, Protect
from loopsweb.resources.deactivations.targets import Kind
from loopsweb.resources.pages.detail_page import find
from loopsweb.ui.pages import render_page

UNPROCESSABLE = 422


@require_in_team(Permission.MANAGE_TEAM)
@confirmed
def policy(request: TeamRequest) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = PolicyForm(sent, instance=policy_of(request.team))
    if sent is not None and form.is_valid():
        policing.change(form.instance, by=actor(request), now=timezone.now())
        messages.success(request, "Saved.")
        return redirect("teams:detail", request.team.pk)
    status = UNPROCESSABLE if request.method == "POST" else 200
    context = {"team": request.team, "form": form}
    return render_page(request, "deactivations/policy.html", context, status=status)


@require(Permission.MANAGE_TEAM)
@require_POST
def protection(request: WorkspaceRequest, kind: Kind, remote_id: str) -> HttpResponse:
    row = find(request, kind.plural, kind.model, remote_id)
    form = Protect(request.POST)
    if not form.is_valid():
        messages.error(request, "Not changed: the note is too long.")
    else:
        protects = form.cleaned_data["protect"]
        change = policing.protect if protects else policing.unprotect
        change(row, note=form.cleaned_data["note"], by=actor(request), now=timezone.now())
        messages.success(request, "Protected." if protects else "Not protected any more.")
    return redirect(f"{kind.plural}:detail", request.workspace.slug, row.remote_id)
