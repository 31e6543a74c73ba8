"""Requests to deactivate: their list, one request, and deciding on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.kept_text import find_kept_text
from loopsweb.accounts.auth.reauthentication import without_reauthentication
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import User
from loopsweb.audit.models import Event
from loopsweb.audit.record import actor_of_request
from loopsweb.keys.clients import find_key
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import actions
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.deactivations.impact_forms import ApproveForm, ImpactForm, NoteForm
from loopsweb.resources.deactivations.impact_warnings import list_warnings
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.preflight import observe_target
from loopsweb.resources.deactivations.records import load_record
from loopsweb.resources.deactivations.requirements import load_policy
from loopsweb.resources.deactivations.states import DEACTIVATION, NOT_SENT, OPEN, State
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.lists.bar import get_views_url, load_bar
from loopsweb.resources.lists.preferences import load_preferences
from loopsweb.resources.lists.queries import register_list
from loopsweb.resources.nouns import VOCABULARIES
from loopsweb.resources.pages.freshness import compute_page_version, load_freshness
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.facets import Facets
from loopsweb.ui.filters import Filter, ListSpec
from loopsweb.ui.listing import ListQuery
from loopsweb.ui.live import answer_if_unchanged, set_live_headers
from loopsweb.ui.live_list import render_live_list
from loopsweb.ui.pages import render_page, wants_partial

LISTED = "deactivations"
SPEC = ListSpec(
    searched="ID, person, reason",
    filters=(
        Filter(
            "state",
            "State",
            conditions={
                "waiting": ("Waiting for approval", Q(state=State.WAITING)),
                "syncing": ("Waiting for checkpoints", Q(state=State.SYNCING)),
                "due": ("About to be sent", Q(state=State.DUE)),
                "open": ("Open", Q(state__in=OPEN)),
                "settled": ("Closed", ~Q(state__in=OPEN)),
            },
        ),
        Filter("person", "Person", field="person"),
        Filter("noun", "Kind", field="noun"),
    ),
    sorts={"requested": "requested_at"},
    default_sort="-requested",
    descending=frozenset({"requested"}),
)
register_list(LISTED, SPEC)


@require(Permission.VIEW)
def list_requests(request: WorkspaceRequest) -> HttpResponseBase:
    record_viewer(request.workspace)
    rows = Deactivation.objects.filter(workspace=request.workspace)
    preferences = load_preferences(request.user, LISTED)

    def render_table(query: ListQuery, facets: Callable[[], Facets]) -> str:
        page = query.page(rows, facets())
        table = {
            "page": page,
            "query": query,
            "noun": "request" if page.found == 1 else "requests",
            "vocabulary": DEACTIVATION,
            "views_url": get_views_url(request, LISTED),
        }
        return render_to_string("deactivations/_table.html", table, request)

    return render_live_list(
        request,
        SPEC,
        "deactivations/list.html",
        version=request.workspace.version,
        as_of=timezone.now(),
        key=("deactivations", request.workspace.pk, request.workspace.version),
        facets=lambda: SPEC.count_facets(rows),
        table=render_table,
        context={"bar": SimpleLazyObject(lambda: load_bar(request, LISTED, preferences))},
        size=preferences.size,
    )


@require(Permission.VIEW)
def show_request(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    """The record. As old as the snapshot, from which the impact is.

    Of an attempt that was refused before it became a request, only the audit trail knows.
    """
    feed = load_freshness(request.workspace).overall
    version = compute_page_version(request.workspace, feed)
    record_viewer(request.workspace)
    if same := answer_if_unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    try:
        found = find_request(request, incident)
    except Http404:
        event = Event.objects.filter(workspace=request.workspace.slug, incident=incident).first()
        if event is None:
            raise
        return redirect("dashboard:event", request.workspace.slug, event.sequence)
    response = render_request(request, found, feed=feed, version=version)
    set_live_headers(response, version, feed.as_of, feed.next_poll_at)
    return response


@require(Permission.DEACTIVATE, noun="deactivation")
@require_POST
def approve(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    deactivation = find_request(request, incident)
    kind = KINDS[deactivation.noun]
    target = kind.find(request.workspace, deactivation.target_remote_id)
    if target is None:
        raise Http404("This resource is no longer in the workspace.")
    form = ApproveForm(request.POST, impact=assess_impact(target))
    if not form.is_valid():
        form.show_again()
        return render_request(request, deactivation, impact_form=form, status=HTTPStatus.CONFLICT)
    given = {"impact": form.impact, "policy": load_policy(request.workspace.team)}
    done = "Approved. It is about to be sent."
    if deactivation.awaited:
        done = "Approved. It is sent once the checkpoints have synced."
    return decide(request, deactivation, actions.approve, done=done, **given)


@require(Permission.DEACTIVATE, noun="deactivation")
@require_POST
def decline(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    return decide_with_note(request, incident, actions.decline, done="Declined. Nothing was sent.")


@require(Permission.DEACTIVATE, noun="deactivation")
@require_POST
@without_reauthentication("There may be seconds only, and nothing ends by it.")
def withdraw(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponse:
    return decide_with_note(
        request, incident, actions.withdraw, done="Withdrawn. Nothing was sent."
    )


def decide_with_note(
    request: WorkspaceRequest, incident: uuid.UUID, action: Callable[..., None], *, done: str
) -> HttpResponse:
    deactivation, form = find_request(request, incident), NoteForm(request.POST)
    if not form.is_valid():
        return render_request(
            request, deactivation, note_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    return decide(request, deactivation, action, done=done, note=form.cleaned_data["note"])


def decide(
    request: WorkspaceRequest,
    deactivation: Deactivation,
    action: Callable[..., None],
    *,
    done: str,
    **given: Any,
) -> HttpResponse:
    """given: what the action takes besides the actor and the time."""
    try:
        action(deactivation, by=actor_of_request(request), now=timezone.now(), **given)
    except actions.CannotDecide as error:
        deactivation.refresh_from_db()
        return render_request(request, deactivation, problem=str(error), status=HTTPStatus.CONFLICT)
    messages.success(request, done)
    return redirect(deactivation)


def find_request(request: WorkspaceRequest, incident: uuid.UUID) -> Deactivation:
    here = Deactivation.objects.filter(workspace=request.workspace, incident=incident)
    found = here.select_related("batch").first()
    if found is None:
        raise Http404("There is no such request in this workspace.")
    found.workspace = request.workspace
    return found


def find_request_key(deactivation: Deactivation) -> Key | None:
    """The key that would send it now."""
    person = User.objects.filter(email__iexact=deactivation.person).first()
    if person is None:
        return None
    return find_key(
        workspace=deactivation.workspace, person=person, method=KINDS[deactivation.noun].method
    )


def render_request(
    request: WorkspaceRequest, deactivation: Deactivation, *, status: int = 200, **shown: Any
) -> HttpResponse:
    """shown: a form that was sent and refused, or `problem`."""
    kind = KINDS[deactivation.noun]
    target = kind.find(request.workspace, deactivation.target_remote_id)
    impact = assess_impact(target) if target and deactivation.state in NOT_SENT else None
    if impact:
        observe_target(impact.target, now=timezone.now())
    is_over = target is None or target.is_terminal
    again = None if is_over or deactivation.spec.open else target
    context: dict[str, Any] = {
        "deactivation": deactivation,
        "can_request_again": again is not None,
        "other": Deactivation.objects.find_open(again) if again else None,
        "policy": load_policy(request.workspace.team),
        "key": find_request_key(deactivation) if deactivation.state == State.WAITING else None,
        "kind": kind,
        "detail_view": f"{kind.plural}:detail",
        "target": target,
        "impact": impact,
        "warnings": list_warnings(impact) if impact else [],
        "additions": impact.find_additions(deactivation.foreseen) if impact else {},
        "is_own": deactivation.person.lower() == request.user.email.lower(),
        "status": deactivation.spec,
        "record": load_record(deactivation),
        "impact_form": ImpactForm(impact=impact) if impact else None,
        "note_form": NoteForm(initial=find_kept_text(request)),
        "version": request.workspace.version,
        "is_part": wants_partial(request, "live"),
        "vocabulary": VOCABULARIES | {"deactivation": DEACTIVATION},
        **shown,
    }
    return render_page(request, "deactivations/detail.html", context, partial="live", status=status)
