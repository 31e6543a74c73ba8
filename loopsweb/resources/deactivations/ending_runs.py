"""Which runs end with a deployment: those that the API says it executes, or that it may execute."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import SnapshotQuerySet


def find_ending_runs(
    workspace: Workspace, deployments: Sequence[Deployment]
) -> dict[str, tuple[list[Run], bool]]:
    """{deployment id: (the runs it executes, whether that is inferred)}, in two queries at most.

    Older servers do not say which runs these are.
    """
    if not deployments:
        return {}
    runs = Run.objects.in_workspace(workspace)
    named_ids = {each.remote_id: list_named_runs(each) for each in deployments}
    named_anywhere = {run_id for ids in named_ids.values() for run_id in ids}
    running = list(select_executed(runs, named_ids, named_anywhere).newest_first())
    found: dict[str, tuple[list[Run], bool]] = {}
    for deployment_id, ids in named_ids.items():
        executed = [
            run
            for run in running
            if run.deployment_remote_id == deployment_id or run.remote_id in ids
        ]
        if executed or ids:
            found[deployment_id] = (executed, False)
    unnamed = [each for each in deployments if each.remote_id not in found]
    models = {each.base_model for each in unnamed} - {""}
    of_model: dict[str, list[Run]] = {}
    if unnamed:
        alike = runs.filter(base_model__in=models, missing_since=None, status="")
        for run in alike.order_by("-pk"):
            of_model.setdefault(run.base_model, []).append(run)
    return found | {each.remote_id: (of_model.get(each.base_model, []), True) for each in unnamed}


def find_ended_runs(
    workspace: Workspace, deployments: Sequence[Deployment]
) -> dict[str, list[Run]]:
    """{deployment id: its latest run, if that has ended and no other is active}, in one query."""
    latest = {one.remote_id: one.latest_run_remote_id for one in deployments}
    for one in deployments:
        if one.active_run_remote_id not in {"", one.latest_run_remote_id}:
            del latest[one.remote_id]
    ended = Run.objects.in_workspace(workspace).filter(
        remote_id__in=set(latest.values()) - {""}, status="INACTIVE"
    )
    rows = {run.remote_id: run for run in ended}
    return {own: [rows[run_id]] for own, run_id in latest.items() if run_id in rows}


def select_ending_runs(workspace: Workspace, noun: str, remote_id: str) -> SnapshotQuerySet[Run]:
    """The runs that the API says end with a thing, and the latest one; none where that is
    inferred."""
    runs = Run.objects.in_workspace(workspace)
    if noun == Run.noun:
        return runs.filter(remote_id=remote_id)
    if noun != Deployment.noun:
        return runs.none()
    own = Deployment.objects.in_workspace(workspace).filter(remote_id=remote_id).first()
    if own is None:
        return runs.none()
    executed = select_executed(runs, [remote_id], list_named_runs(own))
    return executed | runs.filter(remote_id=own.latest_run_remote_id)


def select_executed(
    runs: SnapshotQuerySet[Run], deployment_ids: Collection[str], named: Collection[str]
) -> SnapshotQuerySet[Run]:
    """Those that name one of the deployments, or whose id is named, and have not ended."""
    executed = Q(deployment_remote_id__in=deployment_ids) | Q(remote_id__in=named)
    return runs.filter(executed).exclude(status="INACTIVE")


def list_named_runs(deployment: Deployment) -> set[str]:
    return {deployment.active_run_remote_id, deployment.latest_run_remote_id} - {""}
