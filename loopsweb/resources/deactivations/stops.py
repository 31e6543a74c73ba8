"""Finds who stopped something from here: by deactivating it, or what it ended with."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event, Outcome
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import SENT, State
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import Snapshot


def find_stop(row: Snapshot) -> Deactivation | None:
    """The last request that ended `row`: confirmed, or sent and not confirmed yet. None where none
    here did.

    Of a run or sampler also the request about its deployment or run, if it foresaw that this ends
    too; of a deployment the one about its run, if the audit trail has it so.
    """
    requests = Deactivation.objects.filter(
        workspace_id=row.workspace_id, state__in=(State.CONFIRMED, *SENT)
    )
    own = requests.filter(noun=row.noun, target_remote_id=row.remote_id).last()
    if own is not None:
        return own
    if isinstance(row, Deployment):
        incidents = find_stopped_with(row.workspace, [row.remote_id])
        return requests.filter(incident__in=incidents).last()
    for request in requests.filter(match_wholes(row)).order_by("-pk"):
        if row.remote_id in request.foreseen.get(f"{row.noun}s", ()):
            return request
    return None


def find_stopped_with(workspace: Workspace, ids: Collection[str]) -> dict[UUID, list[str]]:
    """{incident: those of the deployments `ids` that stopped with the run it was about}, as the
    audit trail has it."""
    stopped = Event.objects.filter(
        workspace=workspace.slug,
        target_noun=Deployment.noun,
        target_id__in=ids,
        action="deployment.stop",
        outcome=Outcome.CONFIRMED,
    )
    found: dict[UUID, list[str]] = {}
    for incident, remote_id in stopped.values_list("incident", "target_id"):
        found.setdefault(incident, []).append(remote_id)
    return found


def match_wholes(row: Snapshot) -> Q:
    """Requests about what `row` is a part of: its deployment, and the run of a sampler."""
    run_id = row.run_remote_id if isinstance(row, Sampler) else row.remote_id
    parts = Q(active_run_remote_id=run_id) | Q(latest_run_remote_id=run_id) if run_id else Q()
    if isinstance(row, Sampler):
        parts |= Q(sampler_remote_id=row.remote_id)
    ids = {row.deployment_remote_id} if isinstance(row, Run) else set()
    deployments = Deployment.objects.filter(parts, workspace_id=row.workspace_id)
    ids |= set(deployments.values_list("remote_id", flat=True))
    return Q(noun="deployment", target_remote_id__in=ids) | Q(noun="run", target_remote_id=run_id)
