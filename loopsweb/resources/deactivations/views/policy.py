"""The deactivation policy of a team, and the protection of one resource."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.reauthentication import require_reauthentication
from loopsweb.accounts.authorization.decorators import (
    TeamRequest,
    WorkspaceRequest,
    require,
    require_team_permission,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.resources.deactivations import protections
from loopsweb.resources.deactivations.forms import PolicyForm, ProtectionForm
from loopsweb.resources.deactivations.requirements import change_policy, load_policy
from loopsweb.resources.deactivations.targets import Kind
from loopsweb.resources.pages.detail_page import get_row_or_404
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


@require(Permission.MANAGE_TEAM)
@require_POST
def change_protection(request: WorkspaceRequest, kind: Kind, remote_id: str) -> HttpResponse:
    row = get_row_or_404(request, kind.model, remote_id)
    form = ProtectionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Not changed: the note is too long.")
    else:
        protects = form.cleaned_data["protect"]
        change = protections.protect if protects else protections.unprotect
        change(
            row, note=form.cleaned_data["note"], by=actor_of_request(request), now=timezone.now()
        )
        messages.success(request, "Protected." if protects else "No longer protected.")
    return redirect(f"{kind.plural}:detail", request.workspace.slug, row.remote_id)
