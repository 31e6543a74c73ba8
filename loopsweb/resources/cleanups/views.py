"""The plan of a clean-up: what would go, and why the rest is kept."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import urlencode

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.cleanups.forms import RulesForm
from loopsweb.resources.cleanups.page import load_page
from loopsweb.resources.cleanups.plan import GOES, KEPT, Part, add_up, judge
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.ui.pages import render_page
from loopsweb.ui.url_text import clean_text, parse_page_number


@require(Permission.VIEW)
def show_plan(request: WorkspaceRequest) -> HttpResponse:
    form = RulesForm(request.GET)
    feed = load_freshness(request.workspace).of("checkpoints", "runs", "samplers")
    if not form.is_valid():
        context = {"form": form, "feed": feed}
        return render_page(request, "cleanups/plan.html", context, status=HTTPStatus.BAD_REQUEST)
    rules = form.rules
    judged = judge(request.workspace, rules, now=timezone.now())
    parts = add_up(judged)
    shown = request.GET.get("show", GOES)
    shown = shown if shown in KEPT else GOES
    number = parse_page_number(clean_text(request.GET.get("page")))
    context = {
        "form": form,
        "feed": feed,
        "rules": rules,
        "query": urlencode(rules.as_json()),
        "goes": parts.get(GOES),
        "kept": [part for verdict, part in parts.items() if verdict != GOES],
        "kept_count": sum(part.number for part in parts.values()) - count(parts, GOES),
        "shown": parts.get(shown),
        "is_kept": shown != GOES,
        "page": load_page(request.workspace, judged, shown, count(parts, shown), number),
    }
    return render_page(request, "cleanups/plan.html", context)


def count(parts: dict[str, Part], verdict: str) -> int:
    return parts[verdict].number if verdict in parts else 0
