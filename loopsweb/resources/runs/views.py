"""Runs, each with its deployment."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.run_pairing import pair_runs
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.filters import BASE_MODEL, OWNER, SORTS, STATUS, STILL_LISTED
from loopsweb.resources.pages.list_page import csv_columns, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.ui.filters import ListSpec

SPEC = ListSpec(
    search=("remote_id", "name", "session_remote_id", "owner_email", "base_model"),
    filters=(STATUS, BASE_MODEL, OWNER, STILL_LISTED),
    sorts=SORTS | {"name": "name"},
    default_sort="-created",
)
COLUMNS = csv_columns(
    "name status base_model session_remote_id deployment_remote_id sampler_remote_id owner_email "
    "created_at base_url missing_since",
    run_id="remote_id",
)
NEWEST = 8


@require(Permission.VIEW)
def list_runs(request: WorkspaceRequest) -> HttpResponseBase:
    def table_context(rows: list[Run]) -> dict[str, Any]:
        return {"lines": pair_runs(request.workspace, rows), "deployment_vocabulary": DEPLOYMENT}

    rows = Run.objects.in_workspace(request.workspace)
    return render_list_page(request, rows, SPEC, columns=COLUMNS, table_context=table_context)


@require(Permission.VIEW)
def show_run(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(run: Run) -> dict[str, Any]:
        checkpoints = Checkpoint.objects.filter(
            workspace=request.workspace, run_remote_id=run.remote_id
        ).order_by("-created_at", "-pk")
        samplers = Sampler.objects.in_workspace(request.workspace)
        [pair] = pair_runs(request.workspace, [run])
        return {
            "pair": pair,
            "sampler": samplers.filter(remote_id=run.sampler_remote_id).first(),
            "checkpoints": checkpoints[:NEWEST],
            "checkpoint_count": checkpoints.count(),
        }

    return render_detail_page(request, Run, remote_id, context)
