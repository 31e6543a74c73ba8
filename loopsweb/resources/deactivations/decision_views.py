"""What was asked for: the list, one request, and deciding on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import User
from loopsweb.audit.models import Event
from loopsweb.audit.record import actor
from loopsweb.audit.timeline import steps
from loopsweb.keys.clients import key_for
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import deciding
from loopsweb.resources.deactivations.decision_forms import Note
from loopsweb.resources.deactivations.forms import Approve, Seen
from loopsweb.resources.deactivations.models import NOT_SENT, OPEN, Deactivation, State
from loopsweb.resources.deactivations.policies import policy_of
from loopsweb.resources.deactivations.preflight import preflight
from loopsweb.resources.deactivations.statuses import DEACTIVATION
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.snapshot.viewers import looked_at
from loopsweb.ui.filters import Filter, Spec
from loopsweb.ui.listing import read
from loopsweb.ui.live import stamp, unchanged
from loopsweb.ui.pages import render_page, wants_partial

CONFLICT, UNPROCESSABLE = 409, 422
SPEC = Spec(
    search=("target_remote_id", "person", "approver", "reason"),
    filters=(
        Filter(
            "state",
            "State",
            conditions={
                "waiting": ("Waiting for a second person", Q(state=State.WAITING)),
                "due": ("About to be sent", Q(state=State.DUE)),
                "open": ("Not settled yet", Q(state__in=OPEN)),
                "settled": ("Settled", ~Q(state__in=OPEN)),
            },
        ),
        Filter("person", "Person", field="person"),
        Filter("noun", "What", field="noun"),
    ),
    sorts={"requested": "requested_at"},
    usual_sort="-requested",
    downward=frozenset({"requested"}),
)


@require(Permission.VIEW)
def list_(request: WorkspaceRequest) -> HttpResponseBase:
    version, now = request.workspace.version, timezone.now()
    looked_at(request.workspace)
    if same := unchanged(request, version, now):
        return same
    rows = Deactivation.objects.filter(workspace=request.workspace)
    query = read(SPEC, request.GET)
    census = SPEC.census(rows)
    table = {"page": query.page(rows, census), "query": query, "vocabulary": DEACTIVATION}
    is_part = wants_partial(request, "live")
    response = render_page(
        request,
        "ui/live.html" if is_part else "deactivations/list.html",
        {
            "table": render_to_string("deactivations/_table.html", table, request),
            "version": version,
            "query": query,
            "choices": query.choices(census),
            "is_part": is_part,
        },
    )
    stamp(response, version, now)
    if is_part and "v" not in request.GET:
        response["HX-Push-Url"] = request.path + query.url().removesuffix("?")
    return response


@require(Permission.VIEW)
def detail(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    version, now = request.workspace.version, timezone.now()
    looked_at(request.workspace)
    if same := unchanged(request, version, now):
        return same
    response = page(request, find(request, incident))
    stamp(response, version, now)
    return response


@require(Permission.DEACTIVATE)
@require_POST
def approval(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    asked = find(request, incident)
    kind = KINDS[asked.noun]
    target = kind.find(request.workspace, asked.target_remote_id)
    if target is None:
        raise Http404("What this would end is not known here any more.")
    form = Approve(request.POST, shown=preflight(target))
    if not form.is_valid():
        form.show_again()
        return page(request, asked, seen=form, status=CONFLICT)
    return decide(
        request,
        asked,
        lambda: deciding.approve(
            asked,
            by=actor(request),
            seen=form.shown,
            policy=policy_of(request.workspace.team),
            now=timezone.now(),
        ),
        told="Approved. It is about to be sent.",
    )


@require(Permission.DEACTIVATE)
@require_POST
def refusal(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    return end(request, incident, deciding.decline, told="Declined. Nothing was sent.")


@require(Permission.DEACTIVATE)
@require_POST
def withdrawal(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    return end(request, incident, deciding.withdraw, told="Taken back. Nothing was sent.")


def end(
    request: WorkspaceRequest, incident: uuid.UUID, action: Callable[..., None], *, told: str
) -> HttpResponse:
    asked, form = find(request, incident), Note(request.POST)
    if not form.is_valid():
        return page(request, asked, note=form, status=UNPROCESSABLE)
    note = form.cleaned_data["note"]
    by = actor(request)
    return decide(
        request, asked, lambda: action(asked, by=by, reason=note, now=timezone.now()), told=told
    )


def decide(
    request: WorkspaceRequest, asked: Deactivation, action: Callable[[], None], *, told: str
) -> HttpResponse:
    try:
        action()
    except deciding.CannotDecide as why:
        asked.refresh_from_db()
        return page(request, asked, problem=str(why), status=CONFLICT)
    messages.success(request, told)
    return redirect(asked)


def find(request: WorkspaceRequest, incident: uuid.UUID) -> Deactivation:
    here = Deactivation.objects.filter(workspace=request.workspace, incident=incident)
    found = here.select_related("batch").first()
    if found is None:
        raise Http404("Nobody asked for this in this workspace.")
    found.workspace = request.workspace
    return found


def key_of(asked: Deactivation) -> Key | None:
    """With which it would be sent, as things are now."""
    person = User.objects.filter(email__iexact=asked.person).first()
    if person is None:
        return None
    return key_for(workspace=asked.workspace, person=person, method=KINDS[asked.noun].method)


def page(
    request: WorkspaceRequest, asked: Deactivation, *, status: int = 200, **shown: Any
) -> HttpResponse:
    """shown: a form that was sent and refused, or `problem`."""
    kind = KINDS[asked.noun]
    target = kind.find(request.workspace, asked.target_remote_id)
    now_seen = preflight(target) if target and asked.state in NOT_SENT else None
    events = Event.objects.filter(workspace=request.workspace.slug, incident=asked.incident)
    context: dict[str, Any] = {
        "asked": asked,
        "policy": policy_of(request.workspace.team),
        "key": key_of(asked) if asked.state == State.WAITING else None,
        "kind": kind,
        "detail_view": f"{kind.plural}:detail",
        "target": target,
        "preflight": now_seen,
        "more": now_seen.beyond(asked.foreseen) if now_seen else {},
        "is_own": asked.person.lower() == request.user.email.lower(),
        "status": DEACTIVATION.of(asked.state),
        "steps": steps(list(events.order_by("sequence"))),
        "seen": Seen(shown=now_seen) if now_seen else None,
        "note": Note(),
        "version": request.workspace.version,
        "is_part": wants_partial(request, "live"),
        "vocabulary": {"deactivation": DEACTIVATION}
        | {noun: each.vocabulary for noun, each in KINDS.items()},
        **shown,
    }
    return render_page(request, "deactivations/detail.html", context, partial="live", status=status)
