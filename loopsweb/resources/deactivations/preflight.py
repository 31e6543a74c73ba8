"""What deactivating something ends and what it leaves, as far as the snapshot knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations import ending_runs
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.targets import Target, kind_of
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import Paired, paired
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


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """is_inferred: the API does not say which runs these are; they are of the same base model.
    deployment: the one whose pair ends with a run. cost_per_hour: USD saved from then on, None
    when unknown. protections: of anything that ends."""

    target: Target
    runs: list[EndingRun] = field(default_factory=list)
    is_inferred: bool = False
    samplers: list[Sampler] = field(default_factory=list)
    deployment: Deployment | None = None
    gpus: int | None = None
    cost_per_hour: Decimal | None = None
    protections: list[Protection] = field(default_factory=list)

    @property
    def syncing(self) -> list[Checkpoint]:
        return [checkpoint for run in self.runs for checkpoint in run.syncing]

    @property
    def unsaved(self) -> list[Run]:
        """Runs of which no trainer checkpoint is known: all their progress would be lost."""
        return [ending.run for ending in self.runs if ending.newest is None]

    @property
    def owners(self) -> list[str]:
        """Of everything that ends, as far as the API says, each once."""
        runs = [ending.run for ending in self.runs]
        rows = [self.target, *runs, *self.samplers, *([self.deployment] if self.deployment else [])]
        return list(dict.fromkeys(row.owner_email for row in rows if row.owner_email))

    @property
    def loses(self) -> bool:
        return bool(self.syncing or self.unsaved)

    @property
    def foreseen(self) -> dict[str, list[str]]:
        """What is kept of it with a request, to tell later whether more would be lost."""
        return {
            "runs": sorted(ending.run.remote_id for ending in self.runs),
            "samplers": sorted(sampler.remote_id for sampler in self.samplers),
            "syncing": sorted(ending.run.remote_id for ending in self.runs if ending.syncing),
            "unsaved": sorted(run.remote_id for run in self.unsaved),
            "protected": sorted(each.remote_id for each in self.protections),
        }

    def beyond(self, foreseen: dict[str, list[str]]) -> dict[str, list[str]]:
        """What ends or would be lost now that was not foreseen then."""
        now = {name: set(ids) - set(foreseen.get(name, ())) for name, ids in self.foreseen.items()}
        return {name: sorted(ids) for name, ids in now.items() if ids}


def preflight(target: Target) -> Preflight:
    [found] = preflights(target.workspace, [target])
    return found


def preflights(workspace: Workspace, targets: Sequence[Target]) -> list[Preflight]:
    """One for each target, in their order and in a fixed number of queries."""
    catalogue = Catalogue.objects.filter(workspace=workspace).first()
    cost = catalogue.cost_per_hour if catalogue else lambda _held_by: None
    deployments = [target for target in targets if isinstance(target, Deployment)]
    runs_of = ending_runs.of(workspace, deployments)
    runs = [target for target in targets if isinstance(target, Run)]
    pairs = {pair.run.pk: pair for pair in paired(workspace, runs)} if runs else {}
    found: list[Preflight] = []
    for target in targets:
        if isinstance(target, Deployment):
            ending, is_inferred = runs_of[target.remote_id]
            found.append(
                Preflight(
                    target=target,
                    runs=[EndingRun(run, None, [], 0) for run in ending],
                    is_inferred=is_inferred,
                    gpus=target.gpus_held,
                    cost_per_hour=cost(target),
                )
            )
        elif isinstance(target, Run):
            found.append(of_run(pairs[target.pk]))
        else:
            found.append(
                Preflight(target=target, gpus=target.gpus_held, cost_per_hour=cost(target))
            )
    return complete(workspace, found)


def of_run(pair: Paired) -> Preflight:
    return Preflight(
        target=pair.run,
        runs=[EndingRun(pair.run, None, [], 0)],
        deployment=pair.deployment if pair.is_current else None,
        gpus=pair.gpus_held,
        cost_per_hour=pair.cost_per_hour,
    )


def complete(workspace: Workspace, found: list[Preflight]) -> list[Preflight]:
    """With the checkpoints, the samplers and the protections of all of them."""
    of_run: dict[str, list[Checkpoint]] = {}
    ids = {ending.run.remote_id for one in found for ending in one.runs}
    checkpoints = Checkpoint.objects.in_workspace(workspace).filter(
        run_remote_id__in=ids, missing_since=None
    )
    for checkpoint in checkpoints.defer("raw").order_by("-created_at", "-pk"):
        of_run.setdefault(checkpoint.run_remote_id, []).append(checkpoint)
    named = {name for one in found for name in named_samplers(one)}
    samplers = Sampler.objects.in_workspace(workspace).filter(remote_id__in=named)
    sampler_of = {sampler.remote_id: sampler for sampler in samplers}
    completed = [
        Preflight(
            **{
                **vars(one),
                "runs": [with_saved(e.run, of_run.get(e.run.remote_id, [])) for e in one.runs],
                "samplers": [sampler_of[n] for n in named_samplers(one) if n in sampler_of],
            }
        )
        for one in found
    ]
    protections = Protection.objects.filter(
        workspace=workspace, remote_id__in={pair[1] for one in completed for pair in ends(one)}
    )
    marked = {(each.noun, each.remote_id): each for each in protections}
    for one in completed:
        one.protections.extend(marked[pair] for pair in ends(one) if pair in marked)
    return completed


def named_samplers(one: Preflight) -> list[str]:
    """By id, each once, those paired with what ends."""
    ids = [getattr(one.target, "sampler_remote_id", "")]
    ids += [ending.run.sampler_remote_id for ending in one.runs]
    ids += [one.deployment.sampler_remote_id] if one.deployment else []
    return list(dict.fromkeys(each for each in ids if each))


def ends(one: Preflight) -> Iterator[tuple[str, str]]:
    """(noun, id) of everything that ends."""
    yield kind_of(one.target).noun, one.target.remote_id
    for ending in one.runs:
        if ending.run.pk != one.target.pk or not isinstance(one.target, Run):
            yield "run", ending.run.remote_id
    for sampler in one.samplers:
        yield "sampler", sampler.remote_id
    if one.deployment:
        yield "deployment", one.deployment.remote_id


def with_saved(run: Run, newest_first: list[Checkpoint]) -> EndingRun:
    syncing = [one for one in newest_first if one.sync_status == "SYNCING"]
    whole = [one for one in newest_first if one.sync_status != "SYNCING"]
    newest = next((one for one in whole if one.target == "trainer"), None)
    return EndingRun(run=run, newest=newest, syncing=syncing, saved=len(whole))
