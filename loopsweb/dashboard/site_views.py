"""Pages that belong to no workspace: home and help."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect

from loopsweb.accounts.authorization.decorators import SignedInRequest, signed_in
from loopsweb.accounts.authorization.last_visited import get_last_visited
from loopsweb.accounts.models import Workspace
from loopsweb.dashboard.vocabularies import VOCABULARIES
from loopsweb.ui.pages import render_page


@signed_in
def redirect_home(request: SignedInRequest) -> HttpResponse:
    """To the last visited workspace, else the first one, else the list of teams."""
    workspaces = Workspace.objects.filter(team__memberships__user_id=request.user.pk)
    workspace = workspaces.filter(slug=get_last_visited(request)).first() or workspaces.first()
    return redirect(workspace or "teams:list")


@signed_in
def show_statuses(request: SignedInRequest) -> HttpResponse:
    """The help page that explains every status and what to do about it."""
    return render_page(request, "dashboard/statuses.html", {"vocabularies": VOCABULARIES})


@signed_in
def show_idleness(request: SignedInRequest) -> HttpResponse:
    """The help page that explains how idleness and cost are worked out."""
    return render_page(request, "dashboard/idleness.html", {})
