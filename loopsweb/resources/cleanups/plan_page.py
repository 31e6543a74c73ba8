"""Renders the plan, and the form that requests what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import urlencode

from loopsweb.accounts.auth.kept_text import find_kept_text
from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
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
from loopsweb.ui.table_cache import cached
from loopsweb.ui.url_text import clean_text, parse_page_number

MAX_LISTED = 5


@dataclass(frozen=True)
class WorkedOut:
    """oldest: ids of the rows that would go, as many as are requested at once."""

    parts: dict[str, Part]
    oldest: list[int]
    at: datetime


def work_out(judged: QuerySet[Any], *, now: datetime) -> WorkedOut:
    """Every checkpoint is looked at, so what comes out is kept while the snapshot is the same."""
    parts, oldest = add_up(judged, oldest=MAX_REQUESTED)
    return WorkedOut(parts, oldest, now)


def load_plan(
    workspace: Workspace, rules: Rules, *, now: datetime
) -> tuple[QuerySet[Any], WorkedOut]:
    """The checkpoints that the rules may touch, with their verdict, and what comes out."""
    judged = judge(workspace, rules, now=now)
    worked_out = cached(
        lambda: work_out(judged, now=now),
        key=("plan", workspace.pk, workspace.version, rules),
        of=WorkedOut,
    )
    return judged, worked_out


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
    judged, worked_out = load_plan(workspace, rules, now=now)
    parts = worked_out.parts
    shown = request.GET.get("show", GOES)
    shown = shown if shown in KEPT else GOES
    number = parse_page_number(clean_text(request.GET.get("page")))
    may_request = Permission.DELETE_CHECKPOINTS in request.permissions
    if may_request and shown == GOES and GOES in parts and request_form is None:
        going = select_oldest(workspace, worked_out.oldest)
        request_form, _ = build_request_form(request, going)
    context |= {
        "rules": rules,
        "query": urlencode(rules.as_json()),
        "worked_out": worked_out,
        "goes": parts.get(GOES),
        "kept": [part for verdict, part in parts.items() if verdict != GOES],
        "kept_count": sum(part.number for part in parts.values()) - count(parts, GOES),
        "shown": parts.get(shown),
        "is_kept": shown != GOES,
        "page": load_page(
            workspace,
            judged,
            shown,
            count(parts, shown),
            number,
            oldest=worked_out.oldest if shown == GOES else (),
        ),
        "request_form": request_form,
        "cleanups": Cleanup.objects.filter(workspace=workspace)[:MAX_LISTED],
    }
    return render_page(request, "cleanups/plan.html", context, status=status)


def count(parts: dict[str, Part], verdict: str) -> int:
    return parts[verdict].number if verdict in parts else 0


def select_oldest(workspace: Workspace, ids: Sequence[int]) -> QuerySet[Checkpoint]:
    return Checkpoint.objects.in_workspace(workspace).filter(pk__in=ids)


def select_seen(
    workspace: Workspace, rules: Rules, seen: Sequence[str], *, now: datetime
) -> QuerySet[Checkpoint]:
    """Those that still go."""
    going: QuerySet[Checkpoint] = judge(workspace, rules, now=now).filter(verdict=GOES)
    return going.filter(remote_id__in=seen)


def build_request_form(
    request: WorkspaceRequest,
    going: QuerySet[Checkpoint],
    *,
    data: Any = None,
    seen: list[str] | None = None,
) -> tuple[RequestForm, list[Checkpoint]]:
    """The form, and the checkpoints it concerns, the oldest first. seen: ids that a person saw."""
    workspace = request.workspace
    rows = list(going.order_by("created_at", "pk").defer("raw")[:MAX_REQUESTED])
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
