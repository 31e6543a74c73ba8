"""What runs now, what needs attention, what was saved last, what happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
from loopsweb.dashboard import activity, attention
from loopsweb.dashboard.last_visited import remember
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments.models import HOLDS_NOTHING
from loopsweb.resources.deployments.run_pairing import Costed, costed, with_prices
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.list_page import version_of
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.freshness import freshness
from loopsweb.resources.snapshot.viewers import looked_at
from loopsweb.ui.live import stamp, unchanged
from loopsweb.ui.pages import render_page, wants_partial

MOST_RUNNING = 25
NEWEST = 6
MOST_RECENT = 12


@dataclass(frozen=True)
class Sum:
    """What is known of a total, and of how many the figure is not known or not confirmed."""

    known: Decimal | int
    unknown: int


def total(lines: list[Costed], figure: Callable[[Costed], Decimal | int | None]) -> Sum:
    """What the API's answers no longer name may have ended: its figure is not counted."""
    figures = [figure(line) for line in lines if line.deployment.missing_since is None]
    known = [one for one in figures if one is not None]
    return Sum(sum(known), len(lines) - len(known))


@require(Permission.VIEW)
def overview(request: WorkspaceRequest) -> HttpResponse:
    now = timezone.now()
    workspace = request.workspace
    looked_at(workspace)
    remember(request, workspace.slug)
    reading = freshness(workspace)
    feed = reading.overall
    version = f"{version_of(request, feed)}.{int(now.timestamp() // 60)}"
    if same := unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    context = {
        **shown(workspace, now=now),
        "feed": feed,
        "deployments_feed": reading.of("deployments"),
        "checkpoints_feed": reading.of("checkpoints"),
        "version": version,
        "is_part": wants_partial(request, "live"),
    }
    response = render_page(request, "dashboard/overview.html", context, partial="live")
    stamp(response, version, feed.as_of, feed.next_poll_at)
    return response


def shown(workspace: Workspace, *, now: datetime) -> dict[str, Any]:
    running = with_prices(workspace).exclude(status__in=HOLDS_NOTHING)
    lines: list[Costed] = costed(running.order_by("-created_at", "-pk"))
    checkpoints = Checkpoint.objects.in_workspace(workspace)
    return {
        "lines": lines[:MOST_RUNNING],
        "running_count": len(lines),
        "gone_count": sum(line.deployment.missing_since is not None for line in lines),
        "gpus": total(lines, lambda line: line.deployment.gpus_held),
        "cost": total(lines, lambda line: line.cost_per_hour),
        "active_runs": Run.objects.in_workspace(workspace).filter(status="ACTIVE").count(),
        "syncing": checkpoints.filter(sync_status="SYNCING").count(),
        "checkpoints": checkpoints.order_by("-created_at", "-pk")[:NEWEST],
        "attention": attention.items(workspace, now=now),
        "happenings": activity.recent(workspace, most=MOST_RECENT),
        "has_key": bool(lines) or Key.objects.in_workspace(workspace).exists(),
        "deployment": DEPLOYMENT,
        "sync": SYNC,
    }
