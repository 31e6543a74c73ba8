"""The pages that compare two runs or two checkpoints. Their whole state is in the URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.comparison.subjects import (
    Section,
    compare_sections,
    describe_checkpoint,
    describe_run,
)
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.runs.models import Run
from loopsweb.ui.pages import render_page
from loopsweb.ui.url_text import clean_text

OFFERED = 30


@dataclass(frozen=True)
class Kind:
    """slug: of the noun. describe: the sections of a row."""

    slug: str
    singular: str
    model: Any
    describe: Callable[[Workspace, Any], dict[str, Section]]


RUNS = Kind("runs", "run", Run, describe_run)
CHECKPOINTS = Kind("checkpoints", "checkpoint", Checkpoint, describe_checkpoint)


@require(Permission.VIEW)
@require_safe
def compare_two(request: WorkspaceRequest, kind: Kind) -> HttpResponse:
    """?a, ?b: their ids. ?all=1: what is the same, too. ?id=…&id=… comes from a selection."""
    workspace = request.workspace
    address = reverse(f"{kind.slug}-compare", args=[workspace.slug])
    if selected := request.GET.getlist("id"):
        chosen = dict(zip(("a", "b"), selected, strict=False))
        return redirect(f"{address}?{urlencode(chosen)}")
    typed = {side: clean_text(request.GET.get(side)) for side in ("a", "b")}
    rows = kind.model.objects.in_workspace(workspace)
    found = {side: rows.filter(remote_id=one or None).first() for side, one in typed.items()}
    problems = {side: explain(kind, one) for side, one in typed.items() if not found[side]}
    context: dict[str, Any] = {
        "kind": kind,
        "address": address,
        "typed": typed,
        "rows": found,
        "problems": {side: why for side, why in problems.items() if why},
        "shows_all": request.GET.get("all") == "1",
        "feed": load_freshness(workspace).of(kind.slug),
        "offered": rows.order_by("-created_at", "-pk")[:OFFERED],
        "switch": switch(request.GET, address),
    }
    if not problems:
        one, other = found["a"], found["b"]
        context["sections"] = compare_sections(
            kind.describe(workspace, one), kind.describe(workspace, other)
        )
        context["is_same_row"] = one.pk == other.pk
    status = HTTPStatus.NOT_FOUND if context["problems"] else HTTPStatus.OK
    return render_page(request, "comparison/comparison.html", context, status=status)


def explain(kind: Kind, typed: str) -> str:
    """Why there is nothing to compare; "" where nothing was typed."""
    if not typed:
        return ""
    return f"The API has not reported a {kind.singular} with the ID {typed} for this workspace."


def switch(given: QueryDict, address: str) -> str:
    """The address of the other view: all fields, or the differences alone."""
    kept = {side: clean_text(given.get(side)) for side in ("a", "b")}
    more = {} if given.get("all") == "1" else {"all": "1"}
    return f"{address}?{urlencode(kept | more)}"
