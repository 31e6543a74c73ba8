"""Requesting a clean-up, and the page that shows what becomes of each checkpoint."""

from __future__ import annotations

import uuid
from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.reauthentication import without_reauthentication
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor_of_request
from loopsweb.keys.clients import NoKey, find_client
from loopsweb.resources.cleanups import actions, transitions
from loopsweb.resources.cleanups.forms import RulesForm
from loopsweb.resources.cleanups.models import OPEN, REMOVAL, Cleanup, State
from loopsweb.resources.cleanups.page import PAGE_SIZE
from loopsweb.resources.cleanups.plan_page import build_request_form, render_plan, select_seen
from loopsweb.resources.cleanups.request_forms import METHODS, NO_LONGER, SOONER, read_seen
from loopsweb.resources.pages.idempotency import AlreadySubmitted
from loopsweb.resources.pages.refusals import add_refusal
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.live import answer_if_unchanged, set_live_headers
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.url_text import clean_text, parse_page_number


@require(Permission.DELETE_CHECKPOINTS, noun="checkpoint")
@require_POST
def request_cleanup(request: WorkspaceRequest) -> HttpResponse:
    rules_form = RulesForm(request.POST)
    if not rules_form.is_valid():
        return render_plan(request, rules_form, status=HTTPStatus.BAD_REQUEST)
    seen, now = read_seen(request.POST), timezone.now()
    going = select_seen(request.workspace, rules_form.rules, seen, now=now)
    form, rows = build_request_form(request, going, data=request.POST, seen=seen)
    if form.is_valid() and not rows:
        form.add_error(None, "None of them would go any more. Review the plan again.")
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render_plan(request, rules_form, request_form=form, status=status)
    known = {row.remote_id for row in rows}
    left_out = [{"id": one, "why": NO_LONGER} for one in seen if one not in known]
    days = form.cleaned_data["days"]
    if days is not None:
        until = now + timedelta(days=days)
        sooner = [row for row in rows if row.expires_at and row.expires_at <= until]
        left_out += [{"id": row.remote_id, "why": SOONER} for row in sooner]
        rows = [row for row in rows if row not in sooner]
    method = METHODS[form.cleaned_data["action"]]
    try:
        cleanup = actions.request_cleanup(
            rows,
            rules=rules_form.rules,
            days=days,
            key=find_client(workspace=request.workspace, person=request.user, method=method).key,
            by=actor_of_request(request),
            reason=form.cleaned_data["reason"],
            once=form.cleaned_data["once"],
            left_out=left_out,
            now=now,
        )
    except (NoKey, NotRecorded) as error:
        status = add_refusal(form, error)
        return render_plan(request, rules_form, request_form=form, status=status)
    except AlreadySubmitted:
        messages.info(request, "This form was already submitted. Nothing new was requested.")
        return redirect("cleanups:plan", request.workspace.slug)
    return redirect("cleanups:detail", request.workspace.slug, cleanup.uid)


@require(Permission.VIEW)
def show_cleanup(request: WorkspaceRequest, cleanup: uuid.UUID) -> HttpResponse:
    version, now = request.workspace.version, timezone.now()
    record_viewer(request.workspace)
    if same := answer_if_unchanged(request, version, now):
        return same
    found = find_cleanup(request, cleanup)
    groups = found.rows.order_by().values_list("state")
    numbers = {
        state: (n, size) for state, n, size in groups.annotate(Count("pk"), Sum("size_bytes"))
    }
    total = sum(number for number, _ in numbers.values())
    opened = sum(numbers[state][0] for state in OPEN if state in numbers)
    chosen = clean_text(request.GET.get("state"))
    chosen = chosen if chosen in State.values else ""
    rows = found.rows.filter(state=chosen) if chosen else found.rows.all()
    count = numbers.get(chosen, (0, 0))[0] if chosen else total
    pages = max(1, -(-count // PAGE_SIZE))
    number = min(parse_page_number(clean_text(request.GET.get("page"))), pages)
    context = {
        "cleanup": found,
        "rows": rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        "numbers": [(State(state), *numbers[state]) for state in State if state in numbers],
        "total": total,
        "settled": total - opened,
        "done": numbers.get(State.DONE, (0, 0)),
        "unsent": numbers.get(State.DUE, (0, 0))[0],
        "chosen": chosen,
        "number": number,
        "pages": pages,
        "vocabulary": REMOVAL,
        "version": version,
        "is_part": wants_partial(request, "live"),
    }
    response = render_page(request, "cleanups/detail.html", context, partial="live")
    set_live_headers(response, version, now)
    return response


@require(Permission.DELETE_CHECKPOINTS, noun="checkpoint")
@require_POST
@without_reauthentication("There may be seconds only, and nothing ends by it.")
def withdraw(request: WorkspaceRequest, cleanup: uuid.UUID) -> HttpResponse:
    found = find_cleanup(request, cleanup)
    number = transitions.withdraw_rest(found, by=actor_of_request(request), now=timezone.now())
    messages.success(request, f"{number} withdrawn. Nothing is sent for them.")
    return redirect("cleanups:detail", request.workspace.slug, cleanup)


def find_cleanup(request: WorkspaceRequest, uid: uuid.UUID) -> Cleanup:
    found = Cleanup.objects.filter(workspace=request.workspace, uid=uid).first()
    if found is None:
        raise Http404("There is no such clean-up in this workspace.")
    found.workspace = request.workspace
    return found
