"""Finds workspaces in which something is changing, which should be polled again soon."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import SENT, State
from loopsweb.resources.deployments.models import Deployment


def list_work_in_progress(workspace: Workspace | OuterRef) -> tuple[QuerySet[Any], ...]:
    deployments = Deployment.objects.filter(workspace=workspace).reported()
    checkpoints = Checkpoint.objects.filter(workspace=workspace).reported()
    return (
        deployments.filter(status__in=("CREATED", "DEPLOYING")),
        checkpoints.filter(sync_status="SYNCING"),
        Deactivation.objects.filter(workspace=workspace, state__in=(State.DUE, *SENT)),
    )
