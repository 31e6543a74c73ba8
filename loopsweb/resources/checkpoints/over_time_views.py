"""The page of a run's checkpoints over time."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.views.decorators.http import require_safe

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints import over_time
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.runs.models import Run
from loopsweb.ui.pages import render_page
from loopsweb.ui.templatetags.ui import size, span

MAX_SHOWN = 250


@require(Permission.VIEW)
@require_safe
def show_over_time(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    workspace, now = request.workspace, timezone.now()
    run = get_row_or_404(request, Run, remote_id)
    rows = Checkpoint.objects.in_workspace(workspace).filter(run_remote_id=run.remote_id)
    newest = rows.defer("raw", "search_text").order_by("-created_at", "-pk")[:MAX_SHOWN]
    saved = over_time.order_saved(list(newest))

    def url(row: Checkpoint) -> str:
        return reverse("checkpoints:detail", args=[workspace.slug, row.remote_id])

    def show_size(value: float) -> str:
        return strip_tags(size(int(value)))

    def show_time(value: float) -> str:
        return span(timedelta(seconds=value)) if value else "0"

    known = [one.row.size_bytes for one in saved if one.row.size_bytes is not None]
    context = {
        "row": run,
        "feed": load_freshness(workspace).of("runs", "checkpoints"),
        "total": rows.count(),
        "saved": saved,
        "bytes": sum(known) if known else None,
        "unknown_sizes": len(saved) - len(known),
        "cadences": over_time.measure_cadence(saved),
        "sizes": over_time.draw_sizes(saved, url=url, show=show_size, now=now),
        "pauses": over_time.draw_cadence(saved, url=url, show=show_time, now=now),
    }
    return render_page(request, "checkpoints/over_time.html", context)
