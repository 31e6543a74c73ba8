"""Which runs end with a deployment. Older servers do not say; then they are inferred."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run

Ending = tuple[list[Run], bool]


def of(workspace: Workspace, deployments: Sequence[Deployment]) -> dict[str, Ending]:
    """{deployment id: (the runs it executes, whether that is inferred)}, in two queries at most."""
    if not deployments:
        return {}
    runs = Run.objects.in_workspace(workspace)
    ids = {run_id for each in deployments for run_id in named_by(each)}
    theirs = Q(remote_id__in=ids)
    theirs |= Q(deployment_remote_id__in=[each.remote_id for each in deployments])
    named = list(runs.filter(theirs).exclude(status="INACTIVE").order_by("-created_at", "-pk"))
    found: dict[str, Ending] = {}
    unsaid: list[Deployment] = []
    for each in deployments:
        mine = [
            run
            for run in named
            if run.deployment_remote_id == each.remote_id or run.remote_id in named_by(each)
        ]
        if mine or named_by(each):
            found[each.remote_id] = (mine, False)
        else:
            unsaid.append(each)
    if unsaid:
        models = {each.base_model for each in unsaid} - {""}
        alike = runs.filter(base_model__in=models, missing_since=None, status="").order_by("-pk")
        of_model: dict[str, list[Run]] = {}
        for run in alike:
            of_model.setdefault(run.base_model, []).append(run)
        for each in unsaid:
            found[each.remote_id] = (of_model.get(each.base_model, []), True)
    return found


def named_by(deployment: Deployment) -> set[str]:
    return {deployment.active_run_remote_id, deployment.latest_run_remote_id} - {""}
