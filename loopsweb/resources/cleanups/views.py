"""The plan of a clean-up: what would go, and why the rest is kept."""

from __future__ import annotations

from django.http import HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.cleanups.forms import RulesForm
from loopsweb.resources.cleanups.plan_page import render_plan


@require(Permission.VIEW)
def show_plan(request: WorkspaceRequest) -> HttpResponse:
    return render_plan(request, RulesForm(request.GET))
