"""Whether something in a workspace is under way, so that the next look should be soon."""

from __future__ import annotations

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.models import SENT, Deactivation, State
from loopsweb.resources.deployments.models import Deployment


def is_moving(workspace: Workspace) -> bool:
    return (
        Deployment.objects.in_workspace(workspace)
        .filter(status__in=("CREATED", "DEPLOYING"))
        .exists()
        or Checkpoint.objects.in_workspace(workspace).filter(sync_status="SYNCING").exists()
        or Deactivation.objects.filter(workspace=workspace, state__in=(State.DUE, *SENT)).exists()
    )
