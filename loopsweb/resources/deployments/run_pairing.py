"""Pairs runs with their deployments and these with their samplers, and computes the cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from django.db.models import Q

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import (
    FREE,
    NOTHING_HELD,
    UNKNOWN_COST,
    UNKNOWN_SOURCE,
    Catalogue,
    Cost,
    price_holder,
)
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import SnapshotQuerySet

PAIR, TRAINER_ONLY, SERVERLESS = "pair", "trainer only", "serverless"
NOT_SAID = "not said"
N = TypeVar("N", int, Decimal)


@dataclass(frozen=True)
class Figures:
    """GPUs held and USD per hour, None where unknown; `gpus_of` and `cost_of` say of what.
    gpu_type: of all the GPUs, "" where there are several types. cost_source: who says so."""

    gpus_held: int | None = None
    gpus_of: str = ""
    gpu_type: str = ""
    trainer_gpus: int | None = None
    sampler_gpus: int | None = None
    cost_per_hour: Decimal | None = None
    cost_of: str = ""
    cost_source: str = UNKNOWN_SOURCE


UNKNOWN = Figures()
NO_GPUS = Figures(gpus_held=0, cost_per_hour=Decimal(0), cost_source=NOTHING_HELD)
ON_SHARED_GPUS = replace(
    NO_GPUS, gpus_of=SERVERLESS, cost_of=SERVERLESS, cost_source="billed per token"
)


@dataclass(frozen=True)
class PricedDeployment:
    """A deployment with its sampler, None where that is unknown, and what each of them costs."""

    deployment: Deployment
    sampler: Sampler | None = None
    trainer_cost: Cost = UNKNOWN_COST
    sampler_cost: Cost = UNKNOWN_COST

    @property
    def sampler_gpus(self) -> int | None:
        """0 if the API says that it has none and lists none of its run, or the pair has ended."""
        is_alone = self.deployment.raw.get("sampler", NOT_SAID) is None
        has_listed = self.sampler is not None and self.sampler.is_reported
        if self.deployment.is_terminal or (is_alone and not has_listed):
            return 0
        return self.sampler.gpus_held if self.sampler else None

    @property
    def figures(self) -> Figures:
        """Of the pair, as far as known. Without the trainer's there is no sum."""
        trainer_gpus, sampler_gpus = self.deployment.gpus_held, self.sampler_gpus
        types = {self.deployment.gpu_type} if trainer_gpus else set()
        types |= {self.sampler.gpu_type} if self.sampler and sampler_gpus else set()
        return Figures(
            gpus_held=add_known(trainer_gpus, sampler_gpus),
            gpus_of=describe_sum(trainer_gpus, sampler_gpus),
            gpu_type=types.pop() if len(types) == 1 else "",
            trainer_gpus=trainer_gpus,
            sampler_gpus=sampler_gpus,
            cost_per_hour=add_known(self.trainer_cost.usd, self.sampler_cost.usd),
            cost_of=describe_sum(self.trainer_cost.usd, self.sampler_cost.usd),
            cost_source=join_sources(self.trainer_cost, self.sampler_cost),
        )


def add_known(trainer: N | None, sampler: N | None) -> N | None:
    if trainer is None or sampler is None:
        return trainer
    return trainer + sampler


def describe_sum(trainer: object, sampler: object) -> str:
    if trainer is None:
        return ""
    return TRAINER_ONLY if sampler is None else PAIR


def join_sources(trainer: Cost, sampler: Cost) -> str:
    """Of all that is in the sum and costs something."""
    if trainer.usd is None:
        return UNKNOWN_SOURCE
    known = {cost.source for cost in (trainer, sampler) if cost.usd is not None}
    return " and ".join(sorted(known - {NOTHING_HELD})) or NOTHING_HELD


def figure_sampler(sampler: Sampler, catalogue: Catalogue | None) -> Figures:
    """Its own, without its trainer's."""
    if sampler.is_serverless:
        return ON_SHARED_GPUS
    cost = price_holder(catalogue, sampler)
    return Figures(
        gpus_held=sampler.gpus_held,
        gpu_type=sampler.gpu_type,
        cost_per_hour=cost.usd,
        cost_source=cost.source,
    )


@dataclass(frozen=True)
class PairedRun:
    """A run with its deployment, None where that is unknown."""

    run: Run
    priced: PricedDeployment | None = None

    @property
    def deployment(self) -> Deployment | None:
        return self.priced.deployment if self.priced else None

    @property
    def is_current(self) -> bool:
        """True if the deployment, as far as is known, serves this run and no other."""
        if self.deployment is None or self.run.status == "INACTIVE":
            return False
        return self.deployment.active_run_remote_id in {"", self.run.remote_id}

    @property
    def figures(self) -> Figures:
        """Those of its pair; nothing once the deployment serves another run."""
        if self.run.is_serverless:
            return ON_SHARED_GPUS
        if self.run.is_terminal or (self.priced and not self.is_current):
            return NO_GPUS
        return self.priced.figures if self.priced and self.run.is_reported else UNKNOWN


def pair_runs(workspace: Workspace, runs: Sequence[Run]) -> list[PairedRun]:
    """Each run with its deployment, in two queries. A run names its deployment, or the other way
    round: then one that has not ended comes first, and one of which it is the active run."""
    named = {run.deployment_remote_id for run in runs if run.deployment_remote_id}
    ids = [run.remote_id for run in runs]
    deployments = select_with_prices(workspace).filter(
        Q(remote_id__in=named) | Q(active_run_remote_id__in=ids) | Q(latest_run_remote_id__in=ids)
    )
    return pair(runs, price_deployments(deployments.order_by()))  # sorted, SQLite reads every row


def pair(runs: Iterable[Run], priced: Iterable[PricedDeployment]) -> list[PairedRun]:
    """priced: all that one of the runs names, or that name one."""
    by_id: dict[str, PricedDeployment] = {}
    by_run: dict[str, PricedDeployment] = {}
    for each in sorted(priced, key=rank_for_pairing):
        by_id[each.deployment.remote_id] = each
        active, latest = each.deployment.active_run_remote_id, each.deployment.latest_run_remote_id
        before = by_run.get(latest)
        if before is None or (before.deployment.is_terminal and not each.deployment.is_terminal):
            by_run[latest] = each
        by_run[active] = each
    return [
        PairedRun(run, by_id.get(run.deployment_remote_id) or by_run.get(run.remote_id))
        for run in runs
    ]


def rank_for_pairing(priced: PricedDeployment) -> tuple[bool, int]:
    """The last of a run's is its deployment."""
    return not priced.deployment.is_terminal, priced.deployment.pk


def select_with_prices(workspace: Workspace) -> SnapshotQuerySet[Deployment]:
    rows: SnapshotQuerySet[Deployment] = Deployment.objects.in_workspace(workspace)
    return rows.select_related("workspace__catalogue")


def price_deployments(deployments: Iterable[Deployment]) -> list[PricedDeployment]:
    """With their samplers, in one query. deployments: as `select_with_prices` selects them."""
    rows = list(deployments)
    return price(rows, load_samplers(rows))


def price(rows: Iterable[Deployment], samplers: Mapping[str, Sampler]) -> list[PricedDeployment]:
    """samplers: as `index_samplers` returns them."""
    lines = []
    for each in rows:
        sampler = samplers.get(each.sampler_remote_id) or samplers.get(run_of(each))
        catalogue: Catalogue | None = getattr(each.workspace, "catalogue", None)
        sampler_cost = FREE if PricedDeployment(each, sampler).sampler_gpus == 0 else UNKNOWN_COST
        if sampler and sampler_cost != FREE:
            sampler_cost = price_holder(catalogue, sampler)
        line = PricedDeployment(each, sampler, price_holder(catalogue, each), sampler_cost)
        lines.append(line)
    return lines


def run_of(deployment: Deployment) -> str:
    return deployment.active_run_remote_id or deployment.latest_run_remote_id


def load_samplers(deployments: Sequence[Deployment]) -> dict[str, Sampler]:
    """{its id, and that of its run: the sampler}: a deployment names the one or the other."""
    if not deployments:
        return {}
    ids = {one.sampler_remote_id for one in deployments} - {""}
    runs = {run_of(one) for one in deployments} - {""}
    rows = Sampler.objects.in_workspace(deployments[0].workspace)
    return index_samplers(rows.filter(Q(remote_id__in=ids) | Q(run_remote_id__in=runs)))


def index_samplers(samplers: Iterable[Sampler]) -> dict[str, Sampler]:
    found = sorted(samplers, key=lambda one: one.pk)
    by_run = {one.run_remote_id: one for one in found if one.run_remote_id}
    return by_run | {one.remote_id: one for one in found}
