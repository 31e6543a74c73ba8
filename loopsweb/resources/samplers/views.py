"""Samplers: those paired with a run, and those that stand alone."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.catalogue import Catalogue, price_holder
from loopsweb.resources.deactivations.protections import find_protections
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import pair_runs
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
from loopsweb.ui.filters import Filter, ListSpec

SPEC = ListSpec(
    searched="ID, run, session, owner",
    apart=UNREPORTED,
    most_counted=None,
    filters=(
        STATUS,
        BASE_MODEL,
        OWNER,
        Filter(
            "pairing",
            "Pairing",
            conditions={
                "paired": ("Paired with a run", ~Q(run_remote_id="")),
                "alone": ("Standalone (or unknown)", Q(run_remote_id="")),
            },
        ),
        STILL_LISTED,
    ),
    sorts=SORTS | idleness.SORTS,
    default_sort="-created",
)
register_list("samplers", SPEC)
COLUMNS = csv_columns(
    "status base_model run_remote_id session_remote_id deployment_remote_id model_id owner_email "
    "instance_name gpu_type gpu_count node_count gpus_held is_serverless "
    "idle_seconds last_work_at last_work_sign gpus usd_per_hour cost_source created_at base_url "
    "is_protected missing_since omitted_fields",
    sampler_id="remote_id",
)
OPTIONAL = {
    "status": ["status"],
    "run": ["run_remote_id"],
    "base_model": ["base_model"],
    "owner": ["owner_email"],
    "instance": ["instance_name", "is_serverless"],
    "idle": ["last_work_at"],
    "gpus": ["gpus"],
    "cost": ["usd_per_hour"],
    "created": ["created_at"],
}


@require(Permission.VIEW)
def list_samplers(request: WorkspaceRequest) -> HttpResponseBase:
    return render_list_page(
        request,
        Sampler,
        SPEC,
        columns=COLUMNS,
        optional=OPTIONAL,
        shows=("runs",),
    )


@require(Permission.VIEW)
def show_sampler(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(sampler: Sampler) -> dict[str, Any]:
        runs = Run.objects.in_workspace(request.workspace)
        deployments = Deployment.objects.in_workspace(request.workspace)
        catalogue = Catalogue.objects.filter(workspace=request.workspace).first()
        run = runs.filter(
            Q(remote_id=sampler.run_remote_id) | Q(sampler_remote_id=sampler.remote_id)
        ).first()
        pair = pair_runs(request.workspace, [run])[0] if run else None
        if pair and pair.is_current:
            deployment = pair.deployment
        else:
            deployment = deployments.filter(
                Q(remote_id=sampler.deployment_remote_id) | Q(sampler_remote_id=sampler.remote_id)
            ).first()
        tied = [one for one in (run, deployment) if one and not one.is_terminal]
        return {
            "cost_per_hour": price_holder(catalogue, sampler).usd,
            "run": run,
            "deployment": deployment,
            "ends_with": tied,
            "tied_protections": find_protections(request.workspace, tied),
        }

    return render_detail_page(request, Sampler, remote_id, context, shows=("runs", "deployments"))
