"""The pages that compare two runs or two checkpoints. Their whole state is in the URL."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
from loopsweb.resources.comparison.subjects import (
    Section,
    compare_sections,
    describe_checkpoint,
    describe_run,
    find_figures,
)
from loopsweb.resources.nouns import Noun
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.ui.pages import render_page
from loopsweb.ui.url_text import clean_text

OFFERED = 30
SHOWN = ("runs", "checkpoints", "deployments", "samplers")

# {slug of a noun: what gives the sections of a row}
DESCRIBE: dict[str, Callable[[Workspace, Any], dict[str, Section]]] = {
    "runs": describe_run,
    "checkpoints": describe_checkpoint,
}


@require(Permission.VIEW)
@require_safe
def compare_two(request: WorkspaceRequest, noun: Noun) -> HttpResponse:
    """?a, ?b: their ids. ?all=1: what is the same, too. ?id=…&id=… comes from a selection."""
    workspace = request.workspace
    address = reverse(f"{noun.slug}-compare", args=[workspace.slug])
    if selected := request.GET.getlist("id"):
        chosen = dict(zip(("a", "b"), selected, strict=False))
        return redirect(f"{address}?{urlencode(chosen)}")
    typed = {side: clean_text(request.GET.get(side)) for side in ("a", "b")}
    rows = noun.model.objects.in_workspace(workspace)
    found = {side: rows.filter(remote_id=one or None).first() for side, one in typed.items()}
    problems = {side: explain(noun, one) for side, one in typed.items() if not found[side]}
    shows_all = request.GET.get("all") == "1"
    context: dict[str, Any] = {
        "noun": noun,
        "address": address,
        "typed": typed,
        "rows": found,
        "problems": {side: why for side, why in problems.items() if why},
        "shows_all": shows_all,
        "feed": load_freshness(workspace).of(noun.slug, *SHOWN),
        "offered": rows.newest_first()[:OFFERED],
        "switch": f"{address}?{urlencode(typed if shows_all else typed | {'all': '1'})}",
    }
    one, other = found["a"], found["b"]
    if one and other:
        describe = DESCRIBE[noun.slug]
        context["sections"] = compare_sections(describe(workspace, one), describe(workspace, other))
        context["figures"] = find_figures(workspace, [one, other])
        context["is_same_row"] = one.pk == other.pk
    status = HTTPStatus.NOT_FOUND if context["problems"] else HTTPStatus.OK
    return render_page(request, "comparison/comparison.html", context, status=status)


def explain(noun: Noun, typed: str) -> str:
    """Why there is nothing to compare; "" where nothing was typed."""
    if not typed:
        return ""
    return f"The API has not reported a {noun.singular} with the ID {typed} for this workspace."
