"""Samplers: those paired with a run, and those that stand alone."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.list_page import STILL_LISTED, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.ui.filters import Filter, ListSpec

SPEC = ListSpec(
    search=("remote_id", "base_model", "run_remote_id", "session_remote_id", "owner_email"),
    filters=(
        Filter("status", "Status", field="status"),
        Filter("base_model", "Base model", field="base_model"),
        Filter("owner", "Owner", field="owner_email"),
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
    sorts={
        "id": "remote_id",
        "status": "status",
        "base_model": "base_model",
        "owner": "owner_email",
        "gpus": "gpu_count",
        "created": "created_at",
    },
    default_sort="-created",
)
COLUMNS = {
    "sampler_id": "remote_id",
    "status": "status",
    "base_model": "base_model",
    "run_id": "run_remote_id",
    "session_id": "session_remote_id",
    "deployment_id": "deployment_remote_id",
    "model_id": "model_id",
    "owner": "owner_email",
    "instance_type": "instance_name",
    "gpu_type": "gpu_type",
    "gpu_count": "gpu_count",
    "node_count": "node_count",
    "created_at": "created_at",
    "base_url": "base_url",
    "not_in_the_answers_since": "missing_since",
}


@require(Permission.VIEW)
def list_samplers(request: WorkspaceRequest) -> HttpResponseBase:
    rows = Sampler.objects.in_workspace(request.workspace)
    return render_list_page(request, rows, SPEC, columns=COLUMNS, context={"vocabulary": SAMPLER})


@require(Permission.VIEW)
def show_sampler(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(sampler: Sampler) -> dict[str, Any]:
        runs = Run.objects.in_workspace(request.workspace)
        deployments = Deployment.objects.in_workspace(request.workspace)
        return {
            "status": SAMPLER.get(sampler.status),
            "open_request": Deactivation.objects.open_for(sampler),
            "run": runs.filter(
                Q(remote_id=sampler.run_remote_id) | Q(sampler_remote_id=sampler.remote_id)
            ).first(),
            "deployment": deployments.filter(
                Q(remote_id=sampler.deployment_remote_id) | Q(sampler_remote_id=sampler.remote_id)
            ).first(),
            "vocabulary": {"run": RUN, "deployment": DEPLOYMENT, "sampler": SAMPLER},
        }

    return render_detail_page(request, Sampler, remote_id, context)
