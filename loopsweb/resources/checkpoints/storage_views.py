"""The page of what checkpoints take on storage."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints.storage import DAY, Growth, Storage, measure_storage
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.retention import find_cutoff
from loopsweb.ui.charts.lines import Line, LineChart, draw_lines
from loopsweb.ui.charts.scales import TimeScale
from loopsweb.ui.charts.units import BYTES, choose_unit
from loopsweb.ui.pages import render_page
from loopsweb.ui.table_cache import cached


@require(Permission.VIEW)
@require_safe
def show_storage(request: WorkspaceRequest) -> HttpResponse:
    workspace, now = request.workspace, timezone.now()

    def measure() -> Storage:
        return measure_storage(workspace, now=now, kept_since=find_cutoff(now))

    key = ("storage", workspace.pk, workspace.version, now.date())
    storage = cached(measure, key=key, of=Storage)
    context = {
        "storage": storage,
        "feed": load_freshness(workspace).of("checkpoints", "runs"),
        "chart": draw_growth(storage.growth) if len(storage.growth.days) > 1 else None,
    }
    return render_page(request, "checkpoints/storage.html", context)


def draw_growth(growth: Growth) -> LineChart:
    """Each day stands at its end, the last one at the time of the page."""
    unit = choose_unit([held for _, held in growth.days], BYTES)
    points = [
        (min(datetime.combine(day, time(), tzinfo=UTC) + DAY, growth.until), unit.convert(held))
        for day, held in growth.days
    ]
    return draw_lines(
        [Line("Bytes of known size", points)],
        name="growth",
        title="Bytes on storage at the end of each day",
        description="Of the checkpoints whose size the API gives.",
        scale=TimeScale(points[0][0], points[-1][0]),
        show=unit.show,
    )
