"""Several deactivations at once: the preview, and the page that shows what becomes of each."""

from __future__ import annotations

import uuid
from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.reauthentication import ask_to_confirm, without_reauthentication
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor_of_request
from loopsweb.keys.clients import NoKey, explain_missing_access, find_client
from loopsweb.resources.deactivations import batches
from loopsweb.resources.deactivations.batch_forms import BatchForm
from loopsweb.resources.deactivations.models import Batch
from loopsweb.resources.deactivations.requirements import list_own_emails, load_policy
from loopsweb.resources.deactivations.selections import preview_selection
from loopsweb.resources.deactivations.states import DEACTIVATION, NOT_SENT, OPEN, State
from loopsweb.resources.deactivations.summary import add_up, summarize_batch
from loopsweb.resources.deactivations.targets import KINDS, Kind
from loopsweb.resources.deactivations.wait_forms import SYNC_HOURS
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.freshness import compute_page_version, load_freshness
from loopsweb.resources.pages.idempotency import AlreadySubmitted
from loopsweb.resources.pages.idleness import find_observed_until, observe
from loopsweb.resources.pages.refusals import add_refusal
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui import errors
from loopsweb.ui.live import answer_if_unchanged, set_live_headers
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.url_text import clean_text

MAX_SELECTED = 200


@require(Permission.DEACTIVATE)
@without_reauthentication("It asks by itself, for what is not the person's own.")
def preview_batch(request: WorkspaceRequest, kind: Kind) -> HttpResponseBase:
    sent = request.POST if request.method == "POST" else None
    given = (request.GET if sent is None else sent).getlist("id")
    ids = [clean_text(each) for each in given[: MAX_SELECTED + 1]]
    if not ids or len(ids) > MAX_SELECTED:
        what = f"More than {MAX_SELECTED} are selected" if ids else "Nothing is selected"
        back = f"Nothing was done. Go back and select up to {MAX_SELECTED} {kind.plural}."
        return errors.render_error(request, HTTPStatus.UNPROCESSABLE_ENTITY, what, back)
    policy = load_policy(request.workspace.team)
    own_emails = list_own_emails(request.workspace, request.user)
    selection = preview_selection(
        request.workspace, kind, ids, policy=policy, own_emails=own_emails
    )
    form = BatchForm(sent, selection=selection, policy=policy, workspace=request.workspace)
    if sent is None:
        return render_preview(request, kind, form, status=HTTPStatus.OK)
    return submit_preview(request, kind, form)


def submit_preview(request: WorkspaceRequest, kind: Kind, form: BatchForm) -> HttpResponseBase:
    sent, selection = request.POST, form.selection
    if batches.is_submitted(request.workspace, sent.get("once", "")):
        return redirect_submitted(request)
    if not selection.requested:
        form.add_error(None, "None of them can be deactivated. The reason is next to each.")
        return render_preview(request, kind, form, status=HTTPStatus.CONFLICT)
    if not form.is_valid():
        form.show_again()
        return render_preview(
            request,
            kind,
            form,
            status=HTTPStatus.CONFLICT if form.is_stale else HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    concerns_others = any(item.requirements.concerns_others for item in selection.requested)
    confirmation = ask_to_confirm(request) if concerns_others else None
    return confirmation or request_batch(request, kind, form)


def request_batch(request: WorkspaceRequest, kind: Kind, form: BatchForm) -> HttpResponse:
    now = timezone.now()
    try:
        batch = batches.request_batch(
            form.selection,
            kind=kind,
            key=find_client(
                workspace=request.workspace, person=request.user, method=kind.method
            ).key,
            by=actor_of_request(request),
            reason=form.cleaned_data["reason"],
            once=form.cleaned_data["once"],
            policy=form.policy,
            now=now,
            awaited=form.cleaned_data["once_synced"],
            sync_until=now + timedelta(hours=form.cleaned_data["sync_hours"] or SYNC_HOURS),
        )
    except (NoKey, NotRecorded) as error:
        status = add_refusal(form, error)
        return render_preview(request, kind, form, status=status)
    except AlreadySubmitted:
        return redirect_submitted(request)
    return redirect("deactivations:batch", request.workspace.slug, batch.uid)


def redirect_submitted(request: WorkspaceRequest) -> HttpResponse:
    messages.info(request, "This form was already submitted. Nothing new was requested.")
    return redirect("deactivations:list", request.workspace.slug)


def render_preview(
    request: WorkspaceRequest, kind: Kind, form: BatchForm, *, status: int
) -> HttpResponse:
    freshness = load_freshness(request.workspace)
    feed = freshness.of(kind.plural, *NOUNS)
    version = compute_page_version(request.workspace, feed)
    record_viewer(request.workspace)
    if same := answer_if_unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    until = find_observed_until(freshness, now=timezone.now())
    lines = form.selection.lines
    list(observe((line.item.impact.target for line in lines if line.item), until=until))
    context = {
        "kind": kind,
        "list_view": f"{kind.plural}:list",
        "detail_view": f"{kind.plural}:detail",
        "selection": form.selection,
        "changes": form.selection.find_changes(clean_text(request.GET.get("marks"))),
        "version": version,
        "is_part": wants_partial(request, "live"),
        "form": form,
        "policy": form.policy,
        "vocabulary": kind.vocabulary,
        "feed": feed,
        "blocked": explain_missing_access(
            workspace=request.workspace, person=request.user, method=kind.method
        ),
    }
    response = render_page(
        request, "deactivations/bulk.html", context, partial="live", status=status
    )
    set_live_headers(response, version, feed.as_of, feed.next_poll_at)
    return response


@require(Permission.VIEW)
def show_batch(request: WorkspaceRequest, batch: uuid.UUID) -> HttpResponse:
    version, now = request.workspace.version, timezone.now()
    record_viewer(request.workspace)
    if same := answer_if_unchanged(request, version, now):
        return same
    found = find_batch(request, batch)
    rows = list(found.rows.all())
    context = {
        "batch": found,
        "rows": rows,
        "summary": summarize_batch(found, rows),
        "total": add_up(rows),
        "stopped": add_up(row for row in rows if row.state == State.CONFIRMED),
        "settled": sum(row.state not in OPEN for row in rows),
        "unsent": sum(row.state in NOT_SENT for row in rows),
        "waiting": sum(row.state == State.WAITING for row in rows),
        "detail_view": f"{KINDS[found.noun].plural}:detail",
        "vocabulary": DEACTIVATION,
        "version": version,
        "is_part": wants_partial(request, "live"),
    }
    response = render_page(request, "deactivations/batch.html", context, partial="live")
    set_live_headers(response, version, now)
    return response


@require(Permission.DEACTIVATE, noun="deactivation")
@require_POST
@without_reauthentication("There may be seconds only, and nothing ends by it.")
def withdraw_batch(request: WorkspaceRequest, batch: uuid.UUID) -> HttpResponse:
    found = find_batch(request, batch)
    withdrawn = batches.withdraw_batch(found, by=actor_of_request(request), now=timezone.now())
    sent = sum(row.spec.sent for row in found.rows.all())
    messages.success(
        request, f"{withdrawn} withdrawn before being sent. {sent} had been sent already."
    )
    return redirect("deactivations:batch", request.workspace.slug, batch)


def find_batch(request: WorkspaceRequest, uid: uuid.UUID) -> Batch:
    found = Batch.objects.filter(workspace=request.workspace, uid=uid).first()
    if found is None:
        raise Http404("There is no such batch in this workspace.")
    return found
