"""The page of a run's lineage: a picture and an equal list."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.lineage.collect import build_lineage
from loopsweb.resources.lineage.graph import Certainty
from loopsweb.resources.lineage.layout import draw
from loopsweb.resources.lineage.outline import outline
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.runs.models import Run
from loopsweb.ui.pages import render_page

MEANINGS = {
    Certainty.KNOWN: "the API says so",
    Certainty.DECLARED: "somebody asked for it when it was created",
    Certainty.INFERRED: "it fits, but nothing says so",
}


@require(Permission.VIEW)
@require_safe
def show_lineage(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    run = get_row_or_404(request, Run, remote_id)
    graph = build_lineage(request.workspace, run.remote_id)
    context = {
        "row": run,
        "feed": load_freshness(request.workspace).of("runs", "checkpoints", "samplers"),
        "graph": graph,
        "picture": draw(graph),
        "items": outline(graph),
        "meanings": MEANINGS,
    }
    return render_page(request, "lineage/lineage.html", context)
