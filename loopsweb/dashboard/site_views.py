"""The few pages that belong to no workspace."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from loopsweb.accounts.models import Workspace
from loopsweb.accounts.permissions import public, signed_in
from loopsweb.dashboard.last_visited import last_visited


@public
def healthz(request: HttpRequest) -> HttpResponse:
    """200 once the site answers at all; asks neither database nor cache."""
    return HttpResponse("ok", content_type="text/plain")


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """The workspace visited last, else the first one, else the teams page."""
    workspaces = Workspace.objects.filter(team__memberships__user_id=request.user.pk)
    workspace = workspaces.filter(slug=last_visited(request)).first() or workspaces.first()
    return redirect(workspace or "teams:list")
