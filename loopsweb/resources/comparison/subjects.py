"""What is compared of a run or a checkpoint, in sections."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event, Outcome
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.comparison.differences import Line, compare
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import UNKNOWN, Figures, pair_runs
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import Snapshot


@dataclass(frozen=True)
class Section:
    """values: as the API gave them. old: what its last answer left out."""

    values: Mapping[str, Any] = field(default_factory=dict)
    old: Collection[str] = ()


@dataclass(frozen=True)
class ComparedSection:
    title: str
    lines: list[Line]

    @property
    def different(self) -> list[Line]:
        return [line for line in self.lines if line.differs]


def describe_run(workspace: Workspace, run: Run) -> dict[str, Section]:
    """The run, its deployment, what was asked when it was created here, its newest checkpoint."""
    deployments = Deployment.objects.in_workspace(workspace)
    deployment = deployments.filter(remote_id=run.deployment_remote_id or None).first()
    checkpoints = Checkpoint.objects.in_workspace(workspace).filter(run_remote_id=run.remote_id)
    newest = checkpoints.newest_first().first()
    return {
        "Run": section_of(run),
        "Asked for when it was created here": Section(find_asked(workspace, run)),
        "Deployment": section_of(deployment),
        "LoRA of its newest checkpoint": pick(newest, "lora_adapter_config", "lora_config"),
    }


def describe_checkpoint(workspace: Workspace, checkpoint: Checkpoint) -> dict[str, Section]:
    """The checkpoint, its run, and what was asked when that was created here."""
    runs = Run.objects.in_workspace(workspace)
    run = runs.filter(remote_id=checkpoint.run_remote_id or None).first()
    return {
        "Checkpoint": section_of(checkpoint),
        "Its run": section_of(run),
        "Asked for when the run was created here": Section(
            find_asked(workspace, run) if run else {}
        ),
    }


def find_figures(workspace: Workspace, rows: Sequence[Snapshot]) -> list[Figures]:
    """What each run, or the run of each checkpoint, holds and costs now."""
    ids = [row.run_remote_id if isinstance(row, Checkpoint) else row.remote_id for row in rows]
    runs = Run.objects.in_workspace(workspace).filter(remote_id__in=[one for one in ids if one])
    figures = {pair.run.remote_id: pair.figures for pair in pair_runs(workspace, list(runs))}
    return [figures.get(one, UNKNOWN) for one in ids]


def section_of(row: Snapshot | None) -> Section:
    return Section(row.raw, row.omitted) if row else Section()


def pick(row: Snapshot | None, *names: str) -> Section:
    return Section({name: row.raw[name] for name in names if name in row.raw}) if row else Section()


def find_asked(workspace: Workspace, run: Run) -> dict[str, Any]:
    """What the form sent, from the audit trail; {} if the run was created elsewhere."""
    made = Event.objects.filter(
        workspace=workspace.slug, target_noun="run", target_id=run.remote_id, action="run.create"
    )
    incident = made.filter(outcome=Outcome.SUCCEEDED).values_list("incident", flat=True).first()
    if incident is None:
        return {}
    asked = Event.objects.filter(incident=incident, outcome=Outcome.REQUESTED).first()
    answer = asked.answer if asked else None
    found = answer.get("asked") if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def compare_sections(a: Mapping[str, Section], b: Mapping[str, Section]) -> list[ComparedSection]:
    return [
        ComparedSection(
            title,
            compare(one.values, b[title].values, old_a=one.old, old_b=b[title].old),
        )
        for title, one in a.items()
    ]
