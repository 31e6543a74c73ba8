"""Every model of this app, for Django's registry and for readers who want the list."""

from __future__ import annotations

from loopsweb.resources.bills import Bill
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import Checkpoint, CheckpointFeed
from loopsweb.resources.cleanups.models import Cleanup, Removal
from loopsweb.resources.deactivations.models import Batch, Deactivation, Policy
from loopsweb.resources.deactivations.protections import LiftRequest, Protection
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.lists.kept_counts import KeptCounts
from loopsweb.resources.lists.models import SavedView
from loopsweb.resources.pages.idempotency import Submission
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.sessions.models import Session
from loopsweb.resources.snapshot.heartbeats import Heartbeat
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.starts import Start
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.unknown_periods import UnknownPeriod
from loopsweb.resources.snoozes import Snooze

__all__ = [
    "Batch",
    "Bill",
    "Catalogue",
    "Checkpoint",
    "CheckpointFeed",
    "Cleanup",
    "Deactivation",
    "Deployment",
    "Heartbeat",
    "KeptCounts",
    "LiftRequest",
    "ObservedPeriod",
    "Policy",
    "PollState",
    "Protection",
    "Removal",
    "Run",
    "Sampler",
    "SavedView",
    "Session",
    "Snooze",
    "Start",
    "StatusChange",
    "Submission",
    "UnknownPeriod",
]
