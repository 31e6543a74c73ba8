"""The page that ends something: GET shows what ends and what stays, POST does it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor
from loopsweb.keys.clients import NoKey, why_not
from loopsweb.keys.models import NOT_OFFERED
from loopsweb.resources.deactivations import actions
from loopsweb.resources.deactivations.forms import Deactivate
from loopsweb.resources.deactivations.models import Deactivation, State
from loopsweb.resources.deactivations.pressing import Changed, form_for, press, why_not_now
from loopsweb.resources.deactivations.targets import KINDS, Kind, Target, ends_with, kind_of
from loopsweb.resources.pages.detail_page import find
from loopsweb.resources.snapshot.freshness import freshness
from loopsweb.ui.pages import render_page

OK, CONFLICT, UNAVAILABLE = 200, 409, 503
TOLD = {
    State.SUCCEEDED: (messages.SUCCESS, "The API accepted the deactivation."),
    State.CONFIRMED: (messages.SUCCESS, "It has stopped."),
    State.REFUSED: (messages.ERROR, "Not deactivated."),
    State.UNKNOWN: (
        messages.WARNING,
        "Whether it was deactivated is not known yet. The API is being asked.",
    ),
    State.WAITING: (messages.INFO, "Asked for. Nothing is sent until a second person approves."),
    State.DUE: (messages.INFO, "About to be sent. You can still undo it."),
}


@require(Permission.DEACTIVATE)
def new(request: WorkspaceRequest, kind: Kind, remote_id: str) -> HttpResponse:
    row: Target = find(request, kind.plural, kind.model, remote_id)
    row.workspace = request.workspace
    form = form_for(
        row,
        person=request.user,
        data=request.POST if request.method == "POST" else None,
        may_break_glass=Permission.MANAGE_TEAM in request.permissions,
    )
    deployment = form.shown.deployment
    if deployment and why_blocked(request, kind, row) == NOT_OFFERED:
        its = deployment.remote_id
        return redirect("deactivations:new", request.workspace.slug, "deployments", its)
    status = why_not_now(form) if request.method == "POST" else OK
    if request.method != "POST" or status != OK:
        return page(request, form, status=status)
    try:
        done = press(form, person=request.user, by=actor(request), clock=timezone.now)
    except (NoKey, NotRecorded, Changed) as error:
        form.add_error(None, str(error))
        status = UNAVAILABLE if isinstance(error, NotRecorded) else CONFLICT
        return page(request, form, status=status)
    except actions.AlreadyRequested as already:
        done = already.deactivation
        messages.info(request, f"{already} Nothing was sent again.")
    else:
        tell(request, done)
    return redirect(row_page(request, form) if done.is_sent else done.get_absolute_url())


def row_page(request: WorkspaceRequest, form: Deactivate) -> str:
    target = form.shown.target
    name = f"{kind_of(target).plural}:detail"
    return reverse(name, args=[request.workspace.slug, target.remote_id])


def page(request: WorkspaceRequest, form: Deactivate, *, status: int) -> HttpResponse:
    row = form.shown.target
    kind = kind_of(row)
    context = {
        "kind": kind,
        "list_view": f"{kind.plural}:list",
        "detail_view": f"{kind.plural}:detail",
        "verb": "Ask for approval" if form.asked.approval else "Deactivate",
        "row": row,
        "form": form,
        "asked": form.asked,
        "policy": form.policy,
        "preflight": form.shown,
        "open": Deactivation.objects.open_for(row),
        "blocked": why_blocked(request, kind, row),
        "feed": freshness(request.workspace).of(kind.plural),
        "vocabulary": {noun: each.vocabulary for noun, each in KINDS.items()},
    }
    return render_page(request, "deactivations/new.html", context, status=status)


def tell(request: WorkspaceRequest, done: Deactivation) -> None:
    level, words = TOLD.get(State(done.state), (messages.INFO, f"{done.get_state_display()}."))
    said = (done.answer or {}).get("said", "")
    messages.add_message(request, level, f"{words} {said}".strip())


def why_blocked(request: WorkspaceRequest, kind: Kind, row: Target) -> str:
    here, person = request.workspace, request.user
    return ends_with(row) or why_not(workspace=here, person=person, method=kind.method)
