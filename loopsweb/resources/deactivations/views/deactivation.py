"""The page that ends one thing: GET shows what ends and what stays, POST requests it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.auth.reauthentication import ask_to_confirm, without_reauthentication
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import User
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor_of_request
from loopsweb.keys.clients import NoKey, explain_missing_access
from loopsweb.keys.models import NOT_OFFERED
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.actions import AlreadyRequested
from loopsweb.resources.deactivations.forms import BreakGlassForm, DeactivateForm, build_forms
from loopsweb.resources.deactivations.impact_warnings import find_other_request, list_warnings
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.preflight import load_impact_freshness
from loopsweb.resources.deactivations.targets import (
    KINDS,
    Kind,
    Target,
    explain_shared_end,
    kind_of,
)
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.freshness import FeedFreshness, compute_page_version
from loopsweb.resources.pages.idleness import find_observed_until, observe
from loopsweb.resources.pages.refusals import add_refusal
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.starts import Start
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.live import answer_if_unchanged, set_live_headers
from loopsweb.ui.pages import render_page, wants_partial

LEVELS = {"good": messages.SUCCESS, "bad": messages.ERROR, "warn": messages.WARNING}


@require(Permission.DEACTIVATE)
@without_reauthentication("It asks by itself, for what is others' and to break the glass.")
def deactivate(request: WorkspaceRequest, kind: Kind, remote_id: str) -> HttpResponseBase:
    freshness = load_impact_freshness(request.workspace, kind, remote_id)
    feed = freshness.of(kind.plural, *NOUNS)
    version = compute_page_version(request.workspace, feed)
    record_viewer(request.workspace)
    if same := answer_if_unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    row: Target = get_row_or_404(request, kind.model, remote_id)
    row.workspace = request.workspace
    form, emergency = build_forms(
        row,
        person=request.user,
        data=request.POST if request.method == "POST" else None,
        may_break_glass=Permission.MANAGE_TEAM in request.permissions,
    )
    if "again" in request.GET:
        form.initial["reason"] = find_last_reason(row, request.user)
    sent = emergency if emergency and emergency.is_bound else form
    deployment = form.impact.deployment
    if deployment and explain_block(request, kind, row) == NOT_OFFERED:
        its = deployment.remote_id
        return redirect("deactivations:new", request.workspace.slug, "deployments", its)
    status = sent.check() if request.method == "POST" else HTTPStatus.OK
    if request.method == "POST" and status == HTTPStatus.OK:
        needs_confirmation = sent.requirements.concerns_others or sent.breaks_glass
        if needs_confirmation and (confirmation := ask_to_confirm(request)):
            return confirmation
        try:
            return submit_form(request, sent)
        except (NoKey, NotRecorded) as error:
            status = add_refusal(sent, error)
    [row] = observe([form.impact.target], until=find_observed_until(freshness, now=timezone.now()))
    return render_form(request, form, emergency, row, feed=feed, version=version, status=status)


def submit_form(request: WorkspaceRequest, form: DeactivateForm) -> HttpResponse:
    """Raises NoKey, NotRecorded."""
    try:
        deactivation = form.submit(
            person=request.user, by=actor_of_request(request), clock=timezone.now
        )
    except AlreadyRequested as already:
        deactivation = already.deactivation
        messages.info(request, f"{already} Nothing was sent again.")
    else:
        add_message(request, deactivation)
    if not deactivation.spec.sent:
        return redirect(deactivation)
    target = form.impact.target
    detail_view = f"{kind_of(target).plural}:detail"
    return redirect(reverse(detail_view, args=[request.workspace.slug, target.remote_id]))


def render_form(
    request: WorkspaceRequest,
    form: DeactivateForm,
    emergency: BreakGlassForm | None,
    row: Target,
    *,
    feed: FeedFreshness,
    version: str,
    status: int,
) -> HttpResponse:
    kind, impact = kind_of(row), form.impact
    context = {
        "kind": kind,
        "list_view": f"{kind.plural}:list",
        "detail_view": f"{kind.plural}:detail",
        "verb": "Request approval" if form.requirements.approval else "Deactivate",
        "row": row,
        "form": form,
        "emergency": emergency,
        "requirements": form.requirements,
        "policy": form.policy,
        "impact": impact,
        "warnings": list_warnings(impact, find_other_request(impact)),
        **find_origin(request, row),
        "open": Deactivation.objects.find_open(row),
        "blocked": explain_block(request, kind, row),
        "feed": feed,
        "version": version,
        "is_part": wants_partial(request, "live"),
        "changes": form.find_changes(request.GET.get("seen", "")),
        "vocabulary": {noun: each.vocabulary for noun, each in KINDS.items()},
    }
    response = render_page(
        request, "deactivations/new.html", context, partial="live", status=status
    )
    set_live_headers(response, version, feed.as_of, feed.next_poll_at)
    return response


def find_last_reason(row: Target, person: User) -> str:
    """Of the person's last request to end it; "" if there was none."""
    requests = Deactivation.objects.filter(
        workspace=row.workspace, noun=row.noun, target_remote_id=row.remote_id
    )
    mine = requests.filter(person__iexact=person.email).order_by("-pk")
    return mine.values_list("reason", flat=True).first() or ""


def find_origin(request: WorkspaceRequest, row: Target) -> dict[str, Any]:
    """What a sampler was started from, and that checkpoint, where the snapshot has it."""
    if not isinstance(row, Sampler):
        return {}
    starts = Start.objects.filter(workspace=request.workspace, noun=row.noun)
    start = starts.filter(remote_id=row.remote_id).first()
    if start is None:
        return {}
    its = {"run_remote_id": start.from_run_id, "target": start.target, "name": start.name}
    checkpoints = Checkpoint.objects.in_workspace(request.workspace)
    return {"start": start, "checkpoint": checkpoints.filter(**its).first()}


def add_message(request: WorkspaceRequest, deactivation: Deactivation) -> None:
    spec, answer = deactivation.spec, deactivation.answer or {}
    level, text = LEVELS.get(spec.tone, messages.INFO), spec.message or spec.meaning
    if not (spec.sent or spec.open):
        level, text = messages.WARNING, f"Nothing was sent. {answer.get('error', '')}"
    messages.add_message(request, level, f"{text} {answer.get('said', '')}".strip())


def explain_block(request: WorkspaceRequest, kind: Kind, row: Target) -> str:
    """Return the reason why this person cannot end it, or "" if they can."""
    return explain_shared_end(row) or explain_missing_access(
        workspace=request.workspace, person=request.user, method=kind.method
    )
