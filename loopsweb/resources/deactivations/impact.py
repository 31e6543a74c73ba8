"""The impact of a deactivation: what ends and what stays, as far as the snapshot knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import (
    NONE_KNOWN,
    Checkpoint,
    RunCheckpoints,
    summarize_runs,
)
from loopsweb.resources.deactivations.ending_runs import find_ended_runs, find_ending_runs
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.targets import Target
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import (
    UNKNOWN,
    Figures,
    figure_sampler,
    pair_runs,
    price_deployments,
    select_with_prices,
)
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.figures.unsaved_work import UNKNOWN as UNKNOWN_WORK
from loopsweb.resources.figures.unsaved_work import UnsavedWork, find_unsaved_work
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.status_changes import StatusChange


@dataclass(frozen=True)
class EndingRun:
    """A run that ends, with what is known of its checkpoints."""

    run: Run
    checkpoints: RunCheckpoints = NONE_KNOWN

    @property
    def newest(self) -> Checkpoint | None:
        return self.checkpoints.newest

    @property
    def syncing(self) -> list[Checkpoint]:
        return self.checkpoints.syncing


@dataclass(frozen=True, kw_only=True)
class Impact:
    """is_inferred: the API does not say which runs these are; they are of the same base model.
    ended_runs: the latest run of a deployment that executes none. never_ran: whether the deployment
    still starts, and was never seen to do anything else.
    deployment: the one whose pair ends with a run. figures: the GPUs freed, and USD per hour saved
    from then on. protections: of anything that ends."""

    target: Target
    runs: list[EndingRun] = field(default_factory=list)
    is_inferred: bool = False
    ended_runs: list[EndingRun] = field(default_factory=list)
    never_ran: bool = False
    samplers: list[Sampler] = field(default_factory=list)
    deployment: Deployment | None = None
    figures: Figures = UNKNOWN
    protections: list[Protection] = field(default_factory=list)

    @property
    def syncing(self) -> list[Checkpoint]:
        return [checkpoint for run in self.runs for checkpoint in run.syncing]

    @property
    def unsaved(self) -> list[Run]:
        """Runs without a known trainer checkpoint: all their progress would be lost."""
        without = [ending.run for ending in self.runs if ending.newest is None]
        return [run for run in without if run not in self.untrained]

    @property
    def untrained(self) -> list[Run]:
        """Runs without any progress, as far as is known."""
        started = self.never_ran and not self.is_inferred
        return [one.run for one in self.runs if started and one.checkpoints == NONE_KNOWN]

    @property
    def executing(self) -> Deployment | None:
        """The deployment that ends."""
        return self.target if isinstance(self.target, Deployment) else self.deployment

    @property
    def unsaved_work(self) -> UnsavedWork:
        """Of the only run that ends: of several it is not known which of them the GPUs worked
        for."""
        if len(self.runs) != 1 or self.is_inferred:
            return UNKNOWN_WORK
        return find_unsaved_work(self.executing, self.runs[0].newest)

    @property
    def tied(self) -> list[Target]:
        """What ends with the target."""
        runs = [ending.run for ending in self.runs if ending.run != self.target]
        return [*runs, *self.samplers, *([self.deployment] if self.deployment else [])]

    @property
    def surely_tied(self) -> list[Target]:
        """What the API says ends with the target."""
        return [] if self.is_inferred else self.tied

    @property
    def owners(self) -> list[str]:
        """The owners of everything that ends, as far as the API says, each once."""
        rows = [self.target, *self.tied]
        return list(dict.fromkeys(row.owner_email for row in rows if row.owner_email))

    @property
    def loses_progress(self) -> bool:
        return bool(self.syncing or self.unsaved)

    @property
    def foreseen(self) -> dict[str, list[str]]:
        """Ids by kind, stored with a request to tell later whether more would be lost."""
        return {
            "runs": sorted(ending.run.remote_id for ending in self.runs),
            "samplers": sorted(sampler.remote_id for sampler in self.samplers),
            "syncing": sorted(ending.run.remote_id for ending in self.runs if ending.syncing),
            "unsaved": sorted(run.remote_id for run in self.unsaved),
            "protected": sorted(each.remote_id for each in self.protections),
        }

    def find_additions(self, foreseen: dict[str, list[str]]) -> dict[str, list[str]]:
        """Find resources that now end, or would be lost, and were not foreseen."""
        now = {name: set(ids) - set(foreseen.get(name, ())) for name, ids in self.foreseen.items()}
        return {name: sorted(ids) for name, ids in now.items() if ids}

    @property
    def sampler_ids(self) -> list[str]:
        """The samplers paired with what ends, each once."""
        ids = [getattr(self.target, "sampler_remote_id", "")]
        ids += [ending.run.sampler_remote_id for ending in self.runs]
        ids += [self.deployment.sampler_remote_id] if self.deployment else []
        return list(dict.fromkeys(each for each in ids if each))

    def list_ending_targets(self) -> Iterator[tuple[str, str]]:
        """(noun, id) of everything that ends."""
        for row in (self.target, *self.tied):
            yield row.noun, row.remote_id


def assess_impact(target: Target) -> Impact:
    [impact] = assess_impacts(target.workspace, [target])
    return impact


def assess_impacts(workspace: Workspace, targets: Sequence[Target]) -> list[Impact]:
    """One for each target, in their order and in a fixed number of queries."""
    deployments = [target for target in targets if isinstance(target, Deployment)]
    runs_of = find_ending_runs(workspace, deployments)
    ended_of = find_ended_runs(
        workspace, [one for one in deployments if not any(runs_of[one.remote_id])]
    )
    runs = [target for target in targets if isinstance(target, Run)]
    pairs = {pair.run.pk: pair for pair in pair_runs(workspace, runs)} if runs else {}
    rows = select_with_prices(workspace).filter(pk__in=[each.pk for each in deployments])
    priced = {each.deployment.pk: each for each in price_deployments(rows if deployments else ())}
    has_samplers = len(runs) + len(deployments) < len(targets)
    catalogue = Catalogue.objects.filter(workspace=workspace).first() if has_samplers else None
    impacts: list[Impact] = []
    for target in targets:
        if isinstance(target, Run):
            pair = pairs[target.pk]
            impact = Impact(
                target=target,
                runs=[EndingRun(target)],
                deployment=pair.deployment if pair.is_current else None,
                figures=pair.figures,
            )
        elif isinstance(target, Deployment):
            ending, is_inferred = runs_of[target.remote_id]
            impact = Impact(
                target=target,
                runs=[EndingRun(run) for run in ending],
                is_inferred=is_inferred,
                ended_runs=[EndingRun(run) for run in ended_of.get(target.remote_id, ())],
                figures=priced[target.pk].figures,
            )
        else:
            impact = Impact(target=target, figures=figure_sampler(target, catalogue))
        impacts.append(impact)
    impacts = add_protections(workspace, add_samplers(workspace, impacts))
    return add_starts(workspace, add_checkpoints(workspace, impacts))


def add_checkpoints(workspace: Workspace, impacts: list[Impact]) -> list[Impact]:
    every = [ending for impact in impacts for ending in (*impact.runs, *impact.ended_runs)]
    known = summarize_runs(workspace, {ending.run.remote_id for ending in every})

    def fill(endings: list[EndingRun]) -> list[EndingRun]:
        return [EndingRun(one.run, known.get(one.run.remote_id, NONE_KNOWN)) for one in endings]

    return [
        replace(impact, runs=fill(impact.runs), ended_runs=fill(impact.ended_runs))
        for impact in impacts
    ]


def add_starts(workspace: Workspace, impacts: list[Impact]) -> list[Impact]:
    """Which deployments were not seen to run yet, in one query."""
    starting = {
        one.remote_id
        for one in (impact.executing for impact in impacts)
        if one and one.is_reported and one.worked_at is None and one.status in DEPLOYMENT.starting
    }
    changes = StatusChange.objects.filter(
        workspace=workspace, noun=Deployment.noun, remote_id__in=starting
    )
    changed = changes.exclude(old__in=DEPLOYMENT.starting, new__in=DEPLOYMENT.starting)
    new = starting - set(changed.values_list("remote_id", flat=True))
    return [
        replace(
            impact, never_ran=impact.executing is not None and impact.executing.remote_id in new
        )
        for impact in impacts
    ]


def add_samplers(workspace: Workspace, impacts: list[Impact]) -> list[Impact]:
    ids = {sampler_id for impact in impacts for sampler_id in impact.sampler_ids}
    samplers = Sampler.objects.in_workspace(workspace).filter(remote_id__in=ids)
    by_id = {sampler.remote_id: sampler for sampler in samplers}
    return [
        replace(impact, samplers=[by_id[each] for each in impact.sampler_ids if each in by_id])
        for impact in impacts
    ]


def add_protections(workspace: Workspace, impacts: list[Impact]) -> list[Impact]:
    ids = {remote_id for impact in impacts for _, remote_id in impact.list_ending_targets()}
    protections = Protection.objects.filter(workspace=workspace, remote_id__in=ids)
    marked = {(each.noun, each.remote_id): each for each in protections}
    return [
        replace(
            impact,
            protections=[marked[end] for end in impact.list_ending_targets() if end in marked],
        )
        for impact in impacts
    ]
