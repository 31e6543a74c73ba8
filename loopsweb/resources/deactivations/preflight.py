"""The pre-flight: what a person was shown before they ended something, as it is kept for ever.

It goes into the request and into the audit event, where nothing can be erased. So it has ids,
names of checkpoints and numbers, and names nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from loopsweb.accounts.models import Workspace
from loopsweb.audit.chain.anonymize import anonymize
from loopsweb.audit.chain.format import make_storable
from loopsweb.resources.catalogue import NOTHING_HELD, UNKNOWN_SOURCE
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.ending_runs import select_ending_runs
from loopsweb.resources.deactivations.impact import EndingRun, Impact
from loopsweb.resources.deactivations.impact_warnings import list_warnings
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.targets import Kind, Target, kind_of
from loopsweb.resources.deployments.run_pairing import SERVERLESS, Figures
from loopsweb.resources.figures.unsaved_work import UNKNOWN as UNKNOWN_WORK
from loopsweb.resources.figures.unsaved_work import UnsavedWork
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.freshness import Freshness, load_freshness
from loopsweb.resources.pages.idleness import find_observed_until
from loopsweb.ui.timestamps import format_utc

MAX_LISTED = 20  # of runs, and of checkpoints; the numbers count all
NO_SOURCES = (NOTHING_HELD, UNKNOWN_SOURCE)
Facts = dict[str, Any]


def load_impact_freshness(workspace: Workspace, kind: Kind, remote_id: str) -> Freshness:
    """Of the checkpoints of the runs that end alone, and of everything else."""
    return load_freshness(workspace, runs=select_ending_runs(workspace, kind.noun, remote_id))


def observe_target(target: Target, *, now: datetime) -> datetime | None:
    """Let it know until when it is observed. Returns the time of the oldest answer from which the
    impact is."""
    kind = kind_of(target)
    freshness = load_impact_freshness(target.workspace, kind, target.remote_id)
    target.observed_until = find_observed_until(freshness, now=now)
    return freshness.of(kind.plural, *NOUNS).as_of


def freeze_impact(
    impact: Impact, *, as_of: datetime | None, other: Deactivation | None = None
) -> Facts:
    """JSON without fractions. as_of: the age of the oldest answer that was shown. The target knows
    until when it was observed. other: the open request that was shown."""
    figures = impact.figures
    cost = figures.cost_per_hour
    worked_at = impact.target.last_work_at
    shown, unsaved = list_checkpoints(impact), impact.unsaved_work
    facts = {
        "as_of": as_of and format_utc(as_of),
        "status": impact.target.status,
        "is_reported": impact.target.is_reported,
        "base_model": impact.target.base_model,
        "last_work_at": worked_at and format_utc(worked_at),
        "last_work_sign": impact.target.last_work_sign,
        "idle_seconds": impact.target.idle_seconds,
        "gpus": figures.gpus_held,
        "gpus_of": figures.gpus_of,
        "gpu_type": figures.gpu_type,
        "usd_per_hour": None if cost is None else f"{cost:.2f}",
        "cost_of": figures.cost_of,
        "cost_source": name_source(figures),
        "is_inferred": impact.is_inferred,
        "runs": [describe_run(ending, unsaved) for ending in impact.runs[:MAX_LISTED]],
        "ended_runs": [describe_run(each, UNKNOWN_WORK) for each in impact.ended_runs],
        "runs_in_all": len(impact.runs),
        "samplers": [sampler.remote_id for sampler in impact.samplers],
        "deployment": impact.deployment.remote_id if impact.deployment else "",
        "checkpoints": [describe_checkpoint(each) for each in shown[:MAX_LISTED]],
        "checkpoints_left_out": max(0, len(shown) - MAX_LISTED),
        "syncing": len(impact.syncing),
        "warnings": [asdict(each) for each in list_warnings(impact, other)],
        "protected": [f"{each.noun} {each.remote_id}" for each in impact.protections],
    }
    frozen: Facts = anonymize(make_storable(facts))
    return frozen


def name_source(figures: Figures) -> str:
    """Who says what it costs; "" where nothing is paid by the hour or nobody knows."""
    is_free = figures.cost_of == SERVERLESS or figures.cost_source in NO_SOURCES
    return "" if figures.cost_per_hour is None or is_free else figures.cost_source


def list_checkpoints(impact: Impact) -> Sequence[Checkpoint]:
    """Those that may be lost, then the newest that is kept of each run."""
    return [*impact.syncing, *(ending.newest for ending in impact.runs if ending.newest)]


def describe_checkpoint(checkpoint: Checkpoint) -> Facts:
    created_at = checkpoint.created_at
    return {
        "id": checkpoint.remote_id,
        "run": checkpoint.run_remote_id,
        "name": checkpoint.name,
        "target": checkpoint.target,
        "sync_status": checkpoint.sync_status,
        "created_at": created_at and format_utc(created_at),
    }


def describe_run(ending: EndingRun, unsaved: UnsavedWork) -> Facts:
    """How many of its checkpoints are in which state, and how long GPUs worked after the newest, as
    far as is known."""
    known = ending.checkpoints
    return {
        "id": ending.run.remote_id,
        "saved": known.saved,
        "resumable": known.resumable,
        "sampling": known.sampling,
        "untold": known.untold,
        "syncing": len(known.syncing),
        "unknown": known.unknown,
        "unlisted": known.unlisted,
        "newest": ending.newest.name or ending.newest.remote_id if ending.newest else "",
        "worked_after_newest": unsaved.seconds,
        "works_after_newest": unsaved.goes_on,
    }
