"""Deployments: the live training pairs, what they hold and what that costs."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deployments.models import HOLDS_NOTHING, TERMINAL, Deployment
from loopsweb.resources.deployments.run_pairing import costed, with_prices
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.detail_page import detail_page
from loopsweb.resources.pages.list_page import SEEN, list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.ui.filters import Filter, Spec

SPEC = Spec(
    search=("remote_id", "base_model", "owner_email", "latest_run_remote_id", "instance_name"),
    filters=(
        Filter("status", "Status", field="status"),
        Filter(
            "holds",
            "GPUs",
            conditions={
                "yes": ("Holds GPUs, or not known", ~Q(status__in=HOLDS_NOTHING)),
                "no": ("Holds none", Q(status__in=HOLDS_NOTHING)),
                "ended": ("Ended", Q(status__in=TERMINAL)),
            },
        ),
        Filter("base_model", "Base model", field="base_model"),
        Filter("owner", "Owner", field="owner_email"),
        SEEN,
    ),
    sorts={
        "id": "remote_id",
        "status": "status",
        "base_model": "base_model",
        "owner": "owner_email",
        "instance": "instance_name",
        "created": "created_at",
    },
    usual_sort="-created",
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
def list_(request: WorkspaceRequest) -> HttpResponseBase:
    def beside(rows: list[Deployment]) -> dict[str, Any]:
        return {"lines": costed(rows), "vocabulary": DEPLOYMENT}

    rows = with_prices(request.workspace)
    return list_page(request, "deployments", rows, SPEC, columns=COLUMNS, beside=beside)


@require(Permission.VIEW)
def detail(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(row: Deployment) -> dict[str, Any]:
        [line] = costed(with_prices(request.workspace).filter(pk=row.pk))
        named = {row.active_run_remote_id, row.latest_run_remote_id} - {""}
        runs = Run.objects.in_workspace(request.workspace).filter(
            Q(deployment_remote_id=row.remote_id) | Q(remote_id__in=named)
        )
        samplers = Sampler.objects.in_workspace(request.workspace).filter(
            Q(deployment_remote_id=row.remote_id) | Q(remote_id=row.sampler_remote_id or None)
        )
        return {
            "status": DEPLOYMENT.of(row.status),
            "open_request": Deactivation.objects.open_for(row),
            "line": line,
            "runs": runs.order_by("-created_at", "-pk")[:20],
            "samplers": samplers[:20],
            "vocabulary": {"run": RUN, "deployment": DEPLOYMENT, "sampler": SAMPLER},
        }

    return detail_page(request, "deployments", Deployment, remote_id, context)
