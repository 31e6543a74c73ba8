"""The page that ends a deployment: GET shows what ends and what stays, POST does it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.permissions import Permission, WorkspaceRequest, require
from loopsweb.audit.record import actor
from loopsweb.keys.clients import NoKey, client_for, why_not
from loopsweb.resources.deployments import actions
from loopsweb.resources.deployments.forms import Deactivate
from loopsweb.resources.deployments.models import OPEN, Deactivation, Deployment, State
from loopsweb.resources.deployments.preflight import preflight
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.detail_page import find
from loopsweb.resources.freshness import freshness
from loopsweb.resources.runs.statuses import RUN
from loopsweb.ui.pages import render_page

METHOD = "deactivate_deployment"
CONFLICT, UNPROCESSABLE = 409, 422
TOLD = {
    State.SUCCEEDED: (messages.SUCCESS, "The API accepted the deactivation."),
    State.CONFIRMED: (messages.SUCCESS, "The deployment has stopped."),
    State.REFUSED: (messages.ERROR, "Not deactivated."),
    State.UNKNOWN: (
        messages.WARNING,
        "Whether it was deactivated is not known yet. The API is being asked.",
    ),
}


@require(Permission.DEACTIVATE)
def deactivation(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    row = find(request, "deployments", Deployment, remote_id)
    form = Deactivate(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return page(request, row, form, status=200)
    if row.is_terminal:
        form.add_error(None, f"This deployment is {row.status} already; there is nothing to end.")
        return page(request, row, form, status=CONFLICT)
    if not form.is_valid():
        return page(request, row, form, status=UNPROCESSABLE)
    try:
        acting = client_for(workspace=request.workspace, person=request.user, method=METHOD)
        done = actions.deactivate(
            deployment=row,
            acting=acting,
            by=actor(request),
            reason=form.cleaned_data["reason"],
            clock=timezone.now,
        )
    except NoKey as error:
        form.add_error(None, str(error))
        return page(request, row, form, status=CONFLICT)
    except actions.AlreadyRequested as already:
        messages.info(
            request,
            f"{already.deactivation.person} has asked for this already. Nothing was sent again.",
        )
    else:
        tell(request, done)
    return redirect("deployments:detail", request.workspace.slug, row.remote_id)


def tell(request: WorkspaceRequest, done: Deactivation) -> None:
    level, words = TOLD[State(done.state)]
    said = (done.answer or {}).get("said", "")
    messages.add_message(request, level, f"{words} {said}".strip())


def page(
    request: WorkspaceRequest, row: Deployment, form: Deactivate, *, status: int
) -> HttpResponse:
    open_one = Deactivation.objects.filter(
        workspace=request.workspace, deployment_remote_id=row.remote_id, state__in=OPEN
    ).first()
    context = {
        "row": row,
        "form": form,
        "open": open_one,
        "blocked": why_not(workspace=request.workspace, person=request.user, method=METHOD),
        "feed": freshness(request.workspace).of("deployments"),
        "preflight": preflight(row),
        "vocabulary": {"deployment": DEPLOYMENT, "run": RUN},
    }
    return render_page(request, "deployments/deactivation.html", context, status=status)
