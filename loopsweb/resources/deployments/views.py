"""Deployments: the live training pairs, the GPUs they use and what these cost."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import price_deployments, select_with_prices
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.list_page import STILL_LISTED, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.ui.filters import Filter, ListSpec

SPEC = ListSpec(
    search=("remote_id", "base_model", "owner_email", "latest_run_remote_id", "instance_name"),
    filters=(
        Filter("status", "Status", field="status"),
        Filter(
            "holds",
            "GPUs",
            conditions={
                "yes": ("Using GPUs (or unknown)", ~Q(status__in=DEPLOYMENT.without_gpus)),
                "no": ("Using none", Q(status__in=DEPLOYMENT.without_gpus)),
                "ended": ("Ended", Q(status__in=DEPLOYMENT.terminal)),
            },
        ),
        Filter("base_model", "Base model", field="base_model"),
        Filter("owner", "Owner", field="owner_email"),
        STILL_LISTED,
    ),
    sorts={
        "id": "remote_id",
        "status": "status",
        "base_model": "base_model",
        "owner": "owner_email",
        "instance": "instance_name",
        "created": "created_at",
    },
    default_sort="-created",
)
COLUMNS = {
    "deployment_id": "remote_id",
    "status": "status",
    "base_model": "base_model",
    "active_run_id": "active_run_remote_id",
    "latest_run_id": "latest_run_remote_id",
    "sampler_id": "sampler_remote_id",
    "owner": "owner_email",
    "availability_model": "availability_model",
    "instance_type": "instance_name",
    "gpu_type": "gpu_type",
    "gpu_count": "gpu_count",
    "node_count": "node_count",
    "gpus_held": "gpus_held",
    "created_at": "created_at",
    "base_url": "base_url",
    "not_in_the_answers_since": "missing_since",
}


@require(Permission.VIEW)
def list_deployments(request: WorkspaceRequest) -> HttpResponseBase:
    def table_context(rows: list[Deployment]) -> dict[str, Any]:
        return {"lines": price_deployments(rows), "vocabulary": DEPLOYMENT}

    rows = select_with_prices(request.workspace)
    return render_list_page(request, rows, SPEC, columns=COLUMNS, table_context=table_context)


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
        return {
            "status": DEPLOYMENT.get(row.status),
            "open_request": Deactivation.objects.open_for(row),
            "line": line,
            "runs": runs.order_by("-created_at", "-pk")[:20],
            "samplers": samplers[:20],
            "vocabulary": {"run": RUN, "deployment": DEPLOYMENT, "sampler": SAMPLER},
        }

    return render_detail_page(request, Deployment, remote_id, context)
