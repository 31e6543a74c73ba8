"""The overview of a workspace: what runs, what needs attention, and recent activity."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
from loopsweb.dashboard import activity, attention, totals
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments.run_pairing import (
    PricedDeployment,
    price_deployments,
    select_with_prices,
)
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.freshness import compute_page_version, load_freshness
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import tally
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.live import answer_if_unchanged, set_live_headers
from loopsweb.ui.pages import render_page, wants_partial

DEPLOYMENTS_SHOWN = 25
CHECKPOINTS_SHOWN = 6
ACTIVITY_SHOWN = 12


@require(Permission.VIEW)
def show_overview(request: WorkspaceRequest) -> HttpResponse:
    now = timezone.now()
    workspace = request.workspace
    record_viewer(workspace)
    freshness = load_freshness(workspace)
    feed = freshness.overall
    version = f"{compute_page_version(workspace, feed)}.{int(now.timestamp() // 60)}"
    if same := answer_if_unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    context = {
        **build_overview(workspace, now=now),
        "feed": feed,
        "runs_feed": freshness.of("runs"),
        "deployments_feed": freshness.of("deployments"),
        "checkpoints_feed": freshness.of("checkpoints"),
        "version": version,
        "is_part": wants_partial(request, "live"),
    }
    response = render_page(request, "dashboard/overview.html", context, partial="live")
    set_live_headers(response, version, feed.as_of, feed.next_poll_at)
    return response


def build_overview(workspace: Workspace, *, now: datetime) -> dict[str, Any]:
    """The template's context, apart from the freshness of the data."""
    running = select_with_prices(workspace).exclude(status__in=DEPLOYMENT.without_gpus)
    lines: list[PricedDeployment] = price_deployments(running.order_by("-created_at", "-pk"))
    checkpoints = Checkpoint.objects.in_workspace(workspace)
    gpus, cost, gpus_of_samplers = totals.sum_holders(workspace, lines)
    reported = [line for line in lines if line.deployment.is_reported]
    return {
        "lines": reported[:DEPLOYMENTS_SHOWN],
        "running": tally([line.deployment for line in lines]),
        "gpus": gpus,
        "cost": cost,
        "gpus_of_samplers": gpus_of_samplers,
        "active_runs": Run.objects.in_workspace(workspace).tally_status("ACTIVE"),
        "syncing": checkpoints.tally_status("SYNCING"),
        "checkpoints": checkpoints.order_by("-created_at", "-pk")[:CHECKPOINTS_SHOWN],
        "attention": attention.find_attention_items(workspace, now=now),
        "activity": activity.list_recent_activity(workspace, limit=ACTIVITY_SHOWN),
        "has_key": bool(lines) or Key.objects.in_workspace(workspace).exists(),
        "deployment": DEPLOYMENT,
        "sync": SYNC,
    }
