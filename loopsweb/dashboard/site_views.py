"""Pages that belong to no workspace: home, help and health checks."""

from __future__ import annotations

from http import HTTPStatus

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import SignedInRequest, public, signed_in
from loopsweb.accounts.models import Workspace
from loopsweb.dashboard.last_visited import get_last_visited
from loopsweb.resources.deactivations.states import DEACTIVATION
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.polling import heartbeat
from loopsweb.ui.pages import render_page

VOCABULARIES = {noun.label: noun.vocabulary for noun in NOUNS.values() if noun.vocabulary}
VOCABULARIES["Deactivations"] = DEACTIVATION


@public
def check_liveness(request: HttpRequest) -> HttpResponse:
    """200 while the web server responds. Uses neither database nor cache."""
    return HttpResponse("ok", content_type="text/plain")


@public
def check_readiness(request: HttpRequest) -> HttpResponse:
    """200 while the database responds and polls are scheduled, else 503; one line for each."""
    checks = {"database": can_use_database(), "polling": heartbeat.is_alive(now=timezone.now())}
    lines = [f"{name}: {'ok' if is_ok else 'failing'}\n" for name, is_ok in checks.items()]
    status = HTTPStatus.OK if all(checks.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return HttpResponse("".join(lines), content_type="text/plain", status=status)


def can_use_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


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
