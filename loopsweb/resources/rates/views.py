"""The page of the rates of a workspace."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.auth.reauthentication import require_reauthentication
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.resources.bills import list_bills
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.rates import actions
from loopsweb.resources.rates.forms import RatesForm
from loopsweb.ui.pages import render_page


@require(Permission.MANAGE_TEAM)
@require_reauthentication
def edit_rates(request: WorkspaceRequest) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = RatesForm(sent, workspace=request.workspace)
    if sent is not None and form.is_valid():
        by, now = actor_of_request(request), timezone.now()
        actions.change_rates(request.workspace, form.rates, by=by, now=now)
        messages.success(request, "Saved.")
        return redirect("dashboard:overview", request.workspace.slug)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    context = {
        "form": form,
        "feed": load_freshness(request.workspace).of("deployments", "samplers"),
        "bills": list_bills(request.workspace),
    }
    return render_page(request, "rates/edit.html", context, status=status)
