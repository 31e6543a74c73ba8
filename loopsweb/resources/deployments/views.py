"""Deployments: the live training pairs, the GPUs they use and what these cost."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.deactivations.protections import find_protections
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import price_deployments, select_with_prices
from loopsweb.resources.deployments.statuses import DEPLOYMENT
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
    searched="ID, model, run, owner",
    apart=UNREPORTED,
    most_counted=None,
    filters=(
        STATUS,
        Filter(
            "holds",
            "GPUs",
            conditions={
                "yes": ("Using GPUs (or unknown)", ~Q(status__in=DEPLOYMENT.without_gpus)),
                "no": ("Using none", Q(status__in=DEPLOYMENT.without_gpus)),
                "ended": ("Ended", Q(status__in=DEPLOYMENT.terminal)),
            },
        ),
        BASE_MODEL,
        OWNER,
        STILL_LISTED,
    ),
    sorts=SORTS | idleness.SORTS | {"instance": "instance_name"},
    default_sort="-created",
)
register_list("deployments", SPEC)
COLUMNS = csv_columns(
    "deployment.status deployment.base_model deployment.active_run_remote_id "
    "deployment.latest_run_remote_id deployment.sampler_remote_id deployment.owner_email "
    "deployment.availability_model deployment.instance_name deployment.gpu_type "
    "deployment.gpu_count deployment.node_count figures.gpus_held figures.gpus_of "
    "deployment.idle_seconds deployment.last_work_at deployment.last_work_sign deployment.gpus "
    "deployment.usd_per_hour deployment.cost_source figures.cost_of deployment.created_at "
    "deployment.base_url deployment.is_protected deployment.missing_since "
    "deployment.omitted_fields",
    deployment_id="deployment.remote_id",
)
OPTIONAL = {
    "status": ["deployment.status"],
    "run": ["deployment.active_run_remote_id", "deployment.latest_run_remote_id"],
    "base_model": ["deployment.base_model"],
    "owner": ["deployment.owner_email"],
    "gpus": ["figures.gpus_held"],
    "cost": ["figures.cost_per_hour"],
    "idle": ["deployment.last_work_at"],
    "created": ["deployment.created_at"],
}


@require(Permission.VIEW)
def list_deployments(request: WorkspaceRequest) -> HttpResponseBase:
    return render_list_page(
        request,
        Deployment,
        SPEC,
        select=select_with_prices,
        columns=COLUMNS,
        optional=OPTIONAL,
        lines=price_deployments,
        shows=("samplers",),
    )


@require(Permission.VIEW)
def show_deployment(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(row: Deployment) -> dict[str, Any]:
        [line] = price_deployments(select_with_prices(request.workspace).filter(pk=row.pk))
        named = {row.active_run_remote_id, row.latest_run_remote_id} - {""}
        runs = Run.objects.in_workspace(request.workspace).filter(
            Q(deployment_remote_id=row.remote_id) | Q(remote_id__in=named)
        )
        samplers = Sampler.objects.in_workspace(request.workspace).filter(
            Q(deployment_remote_id=row.remote_id) | Q(remote_id=row.sampler_remote_id or None)
        )
        shown, its_samplers = list(runs.newest_first()[:20]), list(samplers[:20])
        tied = [one for one in (*shown, *its_samplers) if not one.is_terminal]
        active = row.active_run_remote_id
        executed = [one for one in shown if not one.is_terminal and active in {"", one.remote_id}]
        return {
            "line": line,
            "runs": shown,
            "ends_with": executed,
            "samplers": its_samplers,
            "tied_protections": find_protections(request.workspace, tied),
        }

    return render_detail_page(request, Deployment, remote_id, context, shows=("runs", "samplers"))
