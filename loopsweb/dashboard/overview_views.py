"""The overview of a workspace: what runs, what needs attention, and recent activity."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
from loopsweb.dashboard import activity, totals
from loopsweb.dashboard.attention import group_items
from loopsweb.dashboard.first_steps import list_first_steps
from loopsweb.dashboard.idle_costs import find_costliest_idle, sum_unmeasured
from loopsweb.dashboard.over_time import has_pictures, render_over_time
from loopsweb.dashboard.past_overview import show_past_overview
from loopsweb.dashboard.snoozed import find_attention
from loopsweb.keys.models import Key
from loopsweb.resources.bills import list_bills
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import price_deployments, select_with_prices
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.freshness import Freshness, compute_page_version, load_freshness
from loopsweb.resources.pages.idleness import find_observed_until, observe
from loopsweb.resources.pages.live_page import render_live_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import REPORTED, GPUHolder, Tally
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.live import answer_if_unchanged

DEPLOYMENTS_SHOWN = 25
CHECKPOINTS_SHOWN = 6
ACTIVITY_SHOWN = 12


@require(Permission.VIEW)
def show_overview(request: WorkspaceRequest) -> HttpResponse:
    now = timezone.now()
    if request.GET.get("at"):
        return show_past_overview(request, now=now)
    workspace = request.workspace
    record_viewer(workspace)
    freshness = load_freshness(workspace)
    feed = freshness.overall
    version = f"{compute_page_version(workspace, feed)}.{int(now.timestamp() // 60)}"
    if same := answer_if_unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same

    def build_context() -> dict[str, Any]:
        overview = build_overview(workspace, freshness, now=now)
        has_key = overview["has_key"]
        has_runs = bool(overview["lines"]) or Run.objects.in_workspace(workspace).exists()
        return {
            **overview,
            "steps": list_first_steps(workspace, freshness, has_key=has_key, has_runs=has_runs),
            "over_time": render_over_time(request, version=version, now=now),
            "bills": list_bills(workspace),
            "runs_feed": freshness.of("runs"),
            "deployments_feed": freshness.of("deployments"),
            "checkpoints_feed": freshness.of("checkpoints"),
        }

    template = "dashboard/overview.html"
    return render_live_page(
        request,
        template,
        build_context,
        version=version,
        feed=feed,
        also=(has_pictures(request),),
    )


def find_last_change(workspace: Workspace) -> StatusChange | None:
    """Of what holds GPUs: since then what is held has been the same. Named by the nouns that hold
    none, it is read from the index of the newest changes."""
    hold_none = [each.singular for each in NOUNS.values() if not issubclass(each.model, GPUHolder)]
    return StatusChange.objects.filter(workspace=workspace).exclude(noun__in=hold_none).first()


def build_overview(workspace: Workspace, freshness: Freshness, *, now: datetime) -> dict[str, Any]:
    """The template's context, apart from the freshness of the data."""
    until = find_observed_until(freshness, now=now)
    running = select_with_prices(workspace).exclude(status__in=DEPLOYMENT.without_gpus)
    newest = running.filter(REPORTED).newest_first()[:DEPLOYMENTS_SHOWN]
    checkpoints = Checkpoint.objects.in_workspace(workspace)
    attention = find_attention(workspace, now=now)
    tally = Tally(
        **running.aggregate(
            reported=Count("pk", filter=REPORTED), unreported=Count("pk", filter=~REPORTED)
        )
    )
    return {
        "lines": price_deployments(observe(newest, until=until)),
        "running": tally,
        "spending": totals.sum_spending(workspace),
        "last_change": find_last_change(workspace),
        "idle_lines": find_costliest_idle(workspace, until=until),
        "unmeasured": sum_unmeasured(workspace),
        "idle_is_known": until is not None,
        "scaled_to_zero": Deployment.objects.in_workspace(workspace).tally_status("SCALED_TO_ZERO"),
        "active_runs": Run.objects.in_workspace(workspace).tally_status("ACTIVE"),
        "syncing": checkpoints.tally_status("SYNCING"),
        "checkpoints": checkpoints.newest_first()[:CHECKPOINTS_SHOWN],
        "attention": group_items(attention.items),
        "snoozed": attention,
        "activity": activity.list_recent_activity(workspace, limit=ACTIVITY_SHOWN),
        "has_key": tally.reported > 0 or Key.objects.in_workspace(workspace).exists(),
        "deployment": DEPLOYMENT,
        "sync": SYNC,
    }
