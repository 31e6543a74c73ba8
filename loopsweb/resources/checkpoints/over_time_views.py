"""The page of a run's checkpoints over time."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints import over_time
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.runs.models import Run
from loopsweb.ui.pages import render_page

MAX_SHOWN = 250


@require(Permission.VIEW)
@require_safe
def show_over_time(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    workspace, now = request.workspace, timezone.now()
    run = get_row_or_404(request, Run, remote_id)
    rows = Checkpoint.objects.in_workspace(workspace).filter(run_remote_id=run.remote_id)
    newest = rows.defer("raw", "search_text").newest_first()[:MAX_SHOWN]
    saved = over_time.order_saved(list(newest))

    def url(row: Checkpoint) -> str:
        return reverse("checkpoints:detail", args=[workspace.slug, row.remote_id])

    scale = over_time.choose_scale(saved, now=now)
    charts = [
        over_time.draw_target(saved, one, url=url, scale=scale)
        for one in over_time.measure_cadence(saved)
    ]
    known = [one.row.size_bytes for one in saved if one.row.size_bytes is not None]
    context = {
        "row": run,
        "feed": load_freshness(workspace).of("runs", "checkpoints"),
        "total": rows.count(),
        "saved": saved,
        "bytes": sum(known) if known else None,
        "unknown_sizes": len(saved) - len(known),
        "targets": charts,
    }
    return render_page(request, "checkpoints/over_time.html", context)
