"""Runs, each with its deployment."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deployments.run_pairing import pair_runs
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.list_page import STILL_LISTED, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.ui.filters import Filter, ListSpec

SPEC = ListSpec(
    search=("remote_id", "name", "session_remote_id", "owner_email", "base_model"),
    filters=(
        Filter("status", "Status", field="status"),
        Filter("base_model", "Base model", field="base_model"),
        Filter("owner", "Owner", field="owner_email"),
        STILL_LISTED,
    ),
    sorts={
        "id": "remote_id",
        "name": "name",
        "status": "status",
        "base_model": "base_model",
        "owner": "owner_email",
        "created": "created_at",
    },
    default_sort="-created",
)
COLUMNS = {
    "run_id": "remote_id",
    "name": "name",
    "status": "status",
    "base_model": "base_model",
    "session_id": "session_remote_id",
    "deployment_id": "deployment_remote_id",
    "sampler_id": "sampler_remote_id",
    "owner": "owner_email",
    "created_at": "created_at",
    "base_url": "base_url",
    "not_in_the_answers_since": "missing_since",
}
NEWEST = 8


@require(Permission.VIEW)
def list_runs(request: WorkspaceRequest) -> HttpResponseBase:
    def table_context(rows: list[Run]) -> dict[str, Any]:
        return {"lines": pair_runs(request.workspace, rows), "run": RUN, "deployment": DEPLOYMENT}

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
            "status": RUN.get(run.status),
            "open_request": Deactivation.objects.open_for(run),
            "pair": pair,
            "sampler": samplers.filter(remote_id=run.sampler_remote_id).first(),
            "checkpoints": checkpoints[:NEWEST],
            "checkpoint_count": checkpoints.count(),
            "vocabulary": {"run": RUN, "deployment": DEPLOYMENT, "sampler": SAMPLER, "sync": SYNC},
        }

    return render_detail_page(request, Run, remote_id, context)
