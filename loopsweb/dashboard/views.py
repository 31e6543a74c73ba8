from __future__ import annotations

from django.http import HttpResponse

from loopsweb.accounts.permissions import Permission, WorkspaceRequest, require
from loopsweb.ui.pages import render_page


@require(Permission.VIEW)
def overview(request: WorkspaceRequest) -> HttpResponse:
    return render_page(request, "dashboard/overview.html", {})


@require(Permission.VIEW)
def audit(request: WorkspaceRequest) -> HttpResponse:
    return render_page(request, "dashboard/audit.html", {})
