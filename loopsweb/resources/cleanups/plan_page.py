"""Renders the plan, and the form that requests what it shows."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import urlencode

from loopsweb.accounts.auth.kept_text import find_kept_text
from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.keys.clients import explain_missing_access
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.forms import RulesForm
from loopsweb.resources.cleanups.models import Cleanup
from loopsweb.resources.cleanups.page import describe, load_page
from loopsweb.resources.cleanups.plan import GOES, KEPT, Part, Rules, add_up, judge
from loopsweb.resources.cleanups.request_forms import (
    MAX_REQUESTED,
    METHODS,
    RequestForm,
    explain_typing,
)
from loopsweb.resources.deactivations.requirements import list_own_emails
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.ui.pages import render_page
from loopsweb.ui.url_text import clean_text, parse_page_number

MAX_LISTED = 5


def render_plan(
    request: WorkspaceRequest,
    form: RulesForm,
    *,
    request_form: RequestForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """request_form: as it was refused, None for a new one."""
    workspace, now = request.workspace, timezone.now()
    feed = load_freshness(workspace).of("checkpoints", "runs", "samplers")
    context: dict[str, Any] = {"form": form, "feed": feed}
    if not form.is_valid():
        return render_page(request, "cleanups/plan.html", context, status=HTTPStatus.BAD_REQUEST)
    rules = form.rules
    judged = judge(workspace, rules, now=now)
    parts = add_up(judged)
    shown = request.GET.get("show", GOES)
    shown = shown if shown in KEPT else GOES
    number = parse_page_number(clean_text(request.GET.get("page")))
    oldest: list[Checkpoint] = []
    may_request = Permission.DELETE_CHECKPOINTS in request.permissions
    if may_request and shown == GOES and GOES in parts and request_form is None:
        request_form, oldest = build_request_form(request, rules, now=now)
    context |= {
        "rules": rules,
        "query": urlencode(rules.as_json()),
        "goes": parts.get(GOES),
        "kept": [part for verdict, part in parts.items() if verdict != GOES],
        "kept_count": sum(part.number for part in parts.values()) - count(parts, GOES),
        "shown": parts.get(shown),
        "is_kept": shown != GOES,
        "page": load_page(workspace, judged, shown, count(parts, shown), number, oldest=oldest),
        "request_form": request_form,
        "cleanups": Cleanup.objects.filter(workspace=workspace)[:MAX_LISTED],
    }
    return render_page(request, "cleanups/plan.html", context, status=status)


def count(parts: dict[str, Part], verdict: str) -> int:
    return parts[verdict].number if verdict in parts else 0


def build_request_form(
    request: WorkspaceRequest,
    rules: Rules,
    *,
    now: datetime,
    data: Any = None,
    seen: list[str] | None = None,
) -> tuple[RequestForm, list[Checkpoint]]:
    """The form, and the checkpoints it concerns: the oldest, or those `seen` that still go."""
    workspace = request.workspace
    going = judge(workspace, rules, now=now).filter(verdict=GOES).order_by("created_at", "pk")
    if seen is not None:
        going = going.filter(remote_id__in=seen)
    rows = list(going.defer("raw")[:MAX_REQUESTED])
    [line] = describe(workspace, rows) if len(rows) == 1 else [None]
    own = list_own_emails(workspace, request.user)
    form = RequestForm(
        data,
        ids=[row.remote_id for row in rows] if seen is None else seen,
        obstacles={one: explain_missing(request, one) for one in METHODS},
        why_typed=explain_typing(
            rows,
            concerns_others=line is not None and line.owner.lower() not in own,
            is_used=line is not None and bool(line.starts),
        ),
    )
    form.initial.update(find_kept_text(request))
    return form, rows


def explain_missing(request: WorkspaceRequest, action: str) -> str:
    return explain_missing_access(
        workspace=request.workspace, person=request.user, method=METHODS[action]
    )
