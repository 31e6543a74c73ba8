"""What deactivating a deployment ends and what it leaves, as far as the snapshot knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler


@dataclass(frozen=True)
class EndingRun:
    """newest: its newest trainer checkpoint that is whole, None when none is known.
    syncing: its checkpoints not whole yet, which may be lost. saved: how many stay."""

    run: Run
    newest: Checkpoint | None
    syncing: list[Checkpoint]
    saved: int


@dataclass(frozen=True)
class Preflight:
    """is_inferred: the API does not say which runs these are; they are of the same base model.
    cost_per_hour: USD saved from then on, None when unknown."""

    runs: list[EndingRun]
    is_inferred: bool
    samplers: list[Sampler]
    gpus: int | None
    cost_per_hour: Decimal | None

    @property
    def syncing(self) -> list[Checkpoint]:
        return [checkpoint for run in self.runs for checkpoint in run.syncing]

    @property
    def unsaved(self) -> list[Run]:
        """Runs of which no trainer checkpoint is known: all their progress would be lost."""
        return [ending.run for ending in self.runs if ending.newest is None]


def preflight(deployment: Deployment) -> Preflight:
    runs, is_inferred = runs_of(deployment)
    ids = [run.remote_id for run in runs]
    named = [deployment.sampler_remote_id, *(run.sampler_remote_id for run in runs)]
    samplers = Sampler.objects.in_workspace(deployment.workspace)
    catalogue = Catalogue.objects.filter(workspace=deployment.workspace).first()
    checkpoints = Checkpoint.objects.in_workspace(deployment.workspace).filter(
        run_remote_id__in=ids, missing_since=None
    )
    by_run: dict[str, list[Checkpoint]] = {run_id: [] for run_id in ids}
    for checkpoint in checkpoints.order_by("-created_at", "-pk"):
        by_run[checkpoint.run_remote_id].append(checkpoint)
    return Preflight(
        runs=[ending(run, by_run[run.remote_id]) for run in runs],
        is_inferred=is_inferred,
        samplers=list(samplers.filter(remote_id__in=[name for name in named if name])),
        gpus=deployment.gpus_held,
        cost_per_hour=catalogue.cost_per_hour(deployment) if catalogue else None,
    )


def ending(run: Run, newest_first: list[Checkpoint]) -> EndingRun:
    syncing = [one for one in newest_first if one.sync_status == "SYNCING"]
    whole = [one for one in newest_first if one.sync_status != "SYNCING"]
    newest = next((one for one in whole if one.target == "trainer"), None)
    return EndingRun(run=run, newest=newest, syncing=syncing, saved=len(whole))


def runs_of(deployment: Deployment) -> tuple[list[Run], bool]:
    """(the runs it executes, whether that is inferred). Older servers do not name them."""
    runs = Run.objects.in_workspace(deployment.workspace)
    ids = [deployment.active_run_remote_id, deployment.latest_run_remote_id]
    named = runs.filter(
        Q(remote_id__in=[run_id for run_id in ids if run_id])
        | Q(deployment_remote_id=deployment.remote_id)
    ).exclude(status="INACTIVE")
    if any(ids) or named.exists():
        return list(named.order_by("-created_at", "-pk")), False
    same_model = runs.filter(base_model=deployment.base_model, missing_since=None, status="")
    return list(same_model.exclude(base_model="").order_by("-pk")), True
