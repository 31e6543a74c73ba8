"""The few pages that belong to no workspace."""

from __future__ import annotations

from http import HTTPStatus

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import SignedInRequest, public, signed_in
from loopsweb.accounts.models import Workspace
from loopsweb.dashboard.last_visited import last_visited
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deactivations.statuses import DEACTIVATION
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.polling import heartbeat
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.ui.pages import render_page

VOCABULARIES = {
    "Deployments": DEPLOYMENT,
    "Runs": RUN,
    "Samplers": SAMPLER,
    "Checkpoint sync": SYNC,
    "Deactivations": DEACTIVATION,
}


@public
def healthz(request: HttpRequest) -> HttpResponse:
    """200 once the site answers at all; asks neither database nor cache."""
    return HttpResponse("ok", content_type="text/plain")


@public
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers and polls are handed out, else 503; a line for each."""
    answers = {
        "database": database_answers(),
        "polling": heartbeat.is_beating(now=timezone.now()),
    }
    lines = [f"{name}: {'ok' if is_well else 'failing'}\n" for name, is_well in answers.items()]
    status = HTTPStatus.OK if all(answers.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return HttpResponse("".join(lines), content_type="text/plain", status=status)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """The workspace visited last, else the first one, else the teams page."""
    workspaces = Workspace.objects.filter(team__memberships__user_id=request.user.pk)
    workspace = workspaces.filter(slug=last_visited(request)).first() or workspaces.first()
    return redirect(workspace or "teams:list")


@signed_in
def statuses(request: SignedInRequest) -> HttpResponse:
    """What every status means and what to do about it."""
    return render_page(request, "dashboard/statuses.html", {"vocabularies": VOCABULARIES})
