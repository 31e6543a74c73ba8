"""What GPUs did after a run saved its newest trainer checkpoint: it is in none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.figures.work import GPU
from loopsweb.resources.snapshot.models import BUSY

SAVING = timedelta(minutes=2)  # GPUs also work while a checkpoint is written


@dataclass(frozen=True)
class UnsavedWork:
    """lasted: from the checkpoint until its GPUs last worked, 0 if they are not known to have
    worked since; None where that is unknown. goes_on: they worked when last looked at."""

    lasted: timedelta | None = None
    goes_on: bool = False

    @property
    def seconds(self) -> int | None:
        return None if self.lasted is None else int(self.lasted.total_seconds())


UNKNOWN = UnsavedWork()


def find_unsaved_work(deployment: Deployment | None, newest: Checkpoint | None) -> UnsavedWork:
    """newest: the newest trainer checkpoint of the run that the deployment executes."""
    saved_at = newest.created_at if newest else None
    if deployment is None or saved_at is None or deployment.metrics_as_of is None:
        return UNKNOWN
    worked_at = deployment.worked_at
    if worked_at is not None and worked_at > saved_at + SAVING:
        if deployment.worked_sign not in {GPU, BUSY}:
            return UNKNOWN  # requests came later; until when GPUs worked is not kept
        return UnsavedWork(worked_at - saved_at, goes_on=deployment.worked_sign == BUSY)
    return UnsavedWork(timedelta()) if deployment.metrics_as_of > saved_at else UNKNOWN
