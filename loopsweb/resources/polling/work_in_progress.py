"""Finds workspaces in which something is changing, which should be polled again soon."""

from __future__ import annotations

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import SENT, State
from loopsweb.resources.deployments.models import Deployment


def has_work_in_progress(workspace: Workspace) -> bool:
    deployments = Deployment.objects.in_workspace(workspace).reported()
    checkpoints = Checkpoint.objects.in_workspace(workspace).reported()
    return (
        deployments.filter(status__in=("CREATED", "DEPLOYING")).exists()
        or checkpoints.filter(sync_status="SYNCING").exists()
        or Deactivation.objects.filter(workspace=workspace, state__in=(State.DUE, *SENT)).exists()
    )
