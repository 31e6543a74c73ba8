"""Runs, each with its deployment."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.protections import find_protections
from loopsweb.resources.deployments.run_pairing import pair_runs
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.figures.unsaved_work import find_unsaved_work
from loopsweb.resources.lists.queries import register_list
from loopsweb.resources.pages import idleness
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.filters import (
    BASE_MODEL,
    OWNER,
    SORTS,
    STATUS,
    STILL_LISTED,
    UNREPORTED,
)
from loopsweb.resources.pages.list_page import csv_columns, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.ui.filters import ListSpec

SPEC = ListSpec(
    searched="ID, name, session, owner",
    apart=UNREPORTED,
    most_counted=None,
    filters=(STATUS, BASE_MODEL, OWNER, STILL_LISTED),
    sorts=SORTS | idleness.SORTS | {"name": "name", "session": "session_remote_id"},
    default_sort="-created",
)
register_list("runs", SPEC)
COLUMNS = csv_columns(
    "run.name run.status run.base_model run.session_remote_id run.deployment_remote_id "
    "run.is_serverless run.sampler_remote_id run.owner_email figures.gpus_held figures.gpus_of "
    "figures.gpu_type run.idle_seconds run.last_work_at run.last_work_sign run.gpus "
    "run.usd_per_hour run.cost_source figures.cost_of run.created_at run.base_url "
    "run.is_protected run.missing_since run.omitted_fields",
    run_id="run.remote_id",
    deployment_status="deployment.status",
)
OPTIONAL = {
    "status": ["run.status"],
    "session": ["run.session_remote_id"],
    "deployment": ["deployment", "run.deployment_remote_id", "run.is_serverless"],
    "base_model": ["run.base_model"],
    "owner": ["run.owner_email"],
    "gpus": ["figures.gpus_held"],
    "cost": ["figures.cost_per_hour"],
    "idle": ["run.last_work_at"],
    "created": ["run.created_at"],
}
NEWEST = 8


@require(Permission.VIEW)
def list_runs(request: WorkspaceRequest) -> HttpResponseBase:
    return render_list_page(
        request,
        Run,
        SPEC,
        columns=COLUMNS,
        optional=OPTIONAL,
        shows=("deployments", "samplers"),
        lines=partial(pair_runs, request.workspace),
        context={"deployment_vocabulary": DEPLOYMENT},
    )


@require(Permission.VIEW)
def show_run(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(run: Run) -> dict[str, Any]:
        checkpoints = Checkpoint.objects.filter(
            workspace=request.workspace, run_remote_id=run.remote_id
        ).newest_first()
        [pair] = pair_runs(request.workspace, [run])
        sampler = pair.priced.sampler if pair.priced else None
        if sampler is None or sampler.remote_id != run.sampler_remote_id:
            samplers = Sampler.objects.in_workspace(request.workspace)
            sampler = samplers.filter(remote_id=run.sampler_remote_id).first()
        deployment = pair.deployment if pair.is_current else None
        newest = checkpoints.filter(missing_since=None).exclude(sync_status="SYNCING")
        newest_trainer = newest.filter(target="trainer").first()
        tied = [one for one in (deployment, sampler) if one and not one.is_terminal]
        return {
            "ends_with": [deployment] if deployment else [],
            "newest_trainer": newest_trainer,
            "unsaved_work": find_unsaved_work(deployment, newest_trainer),
            "tied_protections": find_protections(request.workspace, tied),
            "pair": pair,
            "sampler": sampler,
            "checkpoints": checkpoints[:NEWEST],
            "checkpoint_count": checkpoints.count(),
            "unlisted_count": checkpoints.exclude(missing_since=None).count(),
        }

    return render_detail_page(
        request,
        Run,
        remote_id,
        context,
        shows=("deployments", "samplers", "checkpoints"),
        runs=Run.objects.in_workspace(request.workspace).filter(remote_id=remote_id),
    )
