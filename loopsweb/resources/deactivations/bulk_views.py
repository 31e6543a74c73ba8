"""Several at once: the preview that asks, and the page that shows what becomes of each."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor
from loopsweb.keys.clients import NoKey, client_for, why_not
from loopsweb.resources.deactivations import bulk
from loopsweb.resources.deactivations.bulk_forms import BulkDeactivate
from loopsweb.resources.deactivations.demands import own_addresses
from loopsweb.resources.deactivations.models import NOT_SENT, OPEN, Batch, State
from loopsweb.resources.deactivations.policies import Policy, policy_of
from loopsweb.resources.deactivations.previews import preview
from loopsweb.resources.deactivations.statuses import DEACTIVATION
from loopsweb.resources.deactivations.targets import Kind
from loopsweb.resources.pages.creation import AlreadySubmitted
from loopsweb.resources.snapshot.freshness import freshness
from loopsweb.resources.snapshot.viewers import looked_at
from loopsweb.ui import errors
from loopsweb.ui.live import stamp, unchanged
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.url_text import clean

OK, CONFLICT, UNPROCESSABLE, UNAVAILABLE = 200, 409, 422, 503
MOST = 200


@require(Permission.DEACTIVATE)
def new(request: WorkspaceRequest, kind: Kind) -> HttpResponseBase:
    sent = request.POST if request.method == "POST" else None
    given = (request.GET if sent is None else sent).getlist("id")
    ids = [clean(each) for each in given[: MOST + 1]]
    if not ids or len(ids) > MOST:
        what = f"More than {MOST} are selected" if ids else "Nothing is selected"
        back = f"Nothing was done. Go back and select the {kind.plural} to end, at most {MOST}."
        return errors.page(request, UNPROCESSABLE, what, back)
    policy = policy_of(request.workspace.team)
    own = own_addresses(request.workspace, request.user)
    shown = preview(request.workspace, kind, ids, policy=policy, own=own)
    form = BulkDeactivate(sent, preview=shown, policy=policy)
    if sent is None:
        return page(request, kind, form, status=OK)
    if bulk.was_sent(request.workspace, sent.get("once", "")):
        return sent_before(request)
    if not shown.asked_for:
        form.add_error(None, "None of them can be ended. Why stands beside each.")
        return page(request, kind, form, status=CONFLICT)
    if not form.is_valid():
        form.show_again()
        return page(request, kind, form, status=CONFLICT if form.is_stale else UNPROCESSABLE)
    return press(request, kind, form, policy)


def press(
    request: WorkspaceRequest, kind: Kind, form: BulkDeactivate, policy: Policy
) -> HttpResponse:
    try:
        batch = bulk.ask(
            form.preview,
            kind=kind,
            acting=client_for(workspace=request.workspace, person=request.user, method=kind.method),
            by=actor(request),
            reason=form.cleaned_data["reason"],
            once=form.cleaned_data["once"],
            policy=policy,
            now=timezone.now(),
        )
    except (NoKey, NotRecorded) as error:
        form.add_error(None, str(error))
        status = CONFLICT if isinstance(error, NoKey) else UNAVAILABLE
        return page(request, kind, form, status=status)
    except AlreadySubmitted:
        return sent_before(request)
    return redirect("deactivations:batch", request.workspace.slug, batch.uid)


def sent_before(request: WorkspaceRequest) -> HttpResponse:
    messages.info(request, "This form was sent before; nothing was sent this time.")
    return redirect("deactivations:list", request.workspace.slug)


def page(
    request: WorkspaceRequest, kind: Kind, form: BulkDeactivate, *, status: int
) -> HttpResponse:
    context = {
        "kind": kind,
        "list_view": f"{kind.plural}:list",
        "detail_view": f"{kind.plural}:detail",
        "preview": form.preview,
        "form": form,
        "policy": form.policy,
        "vocabulary": kind.vocabulary,
        "feed": freshness(request.workspace).of(kind.plural),
        "blocked": why_not(workspace=request.workspace, person=request.user, method=kind.method),
    }
    return render_page(request, "deactivations/bulk.html", context, status=status)


@require(Permission.VIEW)
def detail(request: WorkspaceRequest, batch: uuid.UUID) -> HttpResponse:
    version, now = request.workspace.version, timezone.now()
    looked_at(request.workspace)
    if same := unchanged(request, version, now):
        return same
    found = find(request, batch)
    rows = list(found.rows.all())
    context = {
        "batch": found,
        "rows": rows,
        "settled": sum(row.state not in OPEN for row in rows),
        "unsent": sum(row.state in NOT_SENT for row in rows),
        "waiting": sum(row.state == State.WAITING for row in rows),
        "detail_view": f"{found.noun}s:detail",
        "vocabulary": DEACTIVATION,
        "version": version,
        "is_part": wants_partial(request, "live"),
    }
    response = render_page(request, "deactivations/batch.html", context, partial="live")
    stamp(response, version, now)
    return response


@require(Permission.DEACTIVATE)
@require_POST
def stop(request: WorkspaceRequest, batch: uuid.UUID) -> HttpResponse:
    found = find(request, batch)
    stopped = bulk.stop(found, by=actor(request), now=timezone.now())
    sent = sum(row.is_sent for row in found.rows.all())
    messages.success(
        request, f"{stopped} taken back, nothing was sent for them. {sent} had been sent before."
    )
    return redirect("deactivations:batch", request.workspace.slug, batch)


def find(request: WorkspaceRequest, uid: uuid.UUID) -> Batch:
    found = Batch.objects.filter(workspace=request.workspace, uid=uid).first()
    if found is None:
        raise Http404("Nobody asked for these together in this workspace.")
    return found
