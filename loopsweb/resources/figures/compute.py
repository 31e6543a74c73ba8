"""What each row holds and costs, and when it last worked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from loopsweb.resources.catalogue import UNKNOWN_SOURCE
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import (
    Figures,
    PairedRun,
    PricedDeployment,
    figure_sampler,
    index_samplers,
    pair,
    price,
)
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.figures.queries import FigureRows
from loopsweb.resources.figures.related import Key, Related
from loopsweb.resources.figures.work import Sign, find_signs
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import Costed
from loopsweb.resources.snapshot.sanitize import fit_value

MICRODOLLAR, MAX_USD = Decimal("0.000001"), Decimal(10**14)
Values = tuple[Any, ...]  # of FIGURES


def compute_figures(figure_rows: FigureRows, rows: Related) -> Iterator[tuple[Costed, Values]]:
    runs, own = rows.of(Run), {one.pk: one for one in rows.of(Deployment)}
    every = {one.pk: one for one in figure_rows.list_deployments(runs)} | own
    samplers = index_samplers(figure_rows.list_samplers(every.values()))
    priced = price([every[pk] for pk in sorted(every)], samplers)
    lines = {one.deployment.remote_id: one for one in priced if one.deployment.pk in own}
    pairs = Pairs(
        live={one: line for one, line in lines.items() if not line.deployment.is_terminal},
        runs=pair(runs, priced),
    )
    signs = find_signs(figure_rows.workspace, [*rows.by_key.values(), *pairs.samplers])
    for (_, remote_id), row in rows.by_key.items():
        counted_in: PricedDeployment | None = None
        if isinstance(row, Run):
            paired = pairs.runs[remote_id]
            line = counted_in = pairs.of_run(paired)
            figures, work = paired.figures, pairs.last_work(line, signs)
            if line and not is_told(line.deployment):
                work = None
        elif isinstance(row, Sampler):
            line = pairs.of_sampler.get(remote_id)
            if line and not row.is_terminal:
                is_part = line.deployment.is_reported or not row.is_reported
                counted_in = line if is_part else None
            figures = figure_sampler(row, getattr(row.workspace, "catalogue", None))
            work = pairs.last_work(line, signs)
        else:
            line = pairs.live.get(remote_id)
            figures, work = lines[remote_id].figures, pairs.last_work(line, signs)
        if figures.gpus_held == 0 or not is_told(row):
            work = None
        yield row, to_values(figures, work, counted_in.deployment.remote_id if counted_in else "")


class Pairs:
    """Deployments that have not ended, by id, with their samplers and runs."""

    def __init__(self, *, live: dict[str, PricedDeployment], runs: Iterable[PairedRun]) -> None:
        self.live, self.runs = live, {one.run.remote_id: one for one in runs}
        self.samplers = [line.sampler for line in live.values() if line.sampler]
        self.of_sampler = {line.sampler.remote_id: line for line in live.values() if line.sampler}
        self.members: dict[str, set[Key]] = {}
        for remote_id, line in live.items():
            deployment = line.deployment
            named = {deployment.active_run_remote_id, deployment.latest_run_remote_id}
            self.members[remote_id] = {(Deployment, remote_id), *((Run, one) for one in named)}
            if line.sampler:
                self.members[remote_id].add((Sampler, line.sampler.remote_id))
        for one in self.runs.values():
            if found := self.of_run(one):
                self.members[found.deployment.remote_id].add((Run, one.run.remote_id))

    def of_run(self, paired: PairedRun) -> PricedDeployment | None:
        if paired.deployment is None or paired.run.is_terminal or not paired.is_current:
            return None
        return self.live.get(paired.deployment.remote_id)

    def last_work(self, line: PricedDeployment | None, signs: dict[Key, Sign]) -> Sign | None:
        """A pair works as one: trainer, sampler and their runs. None where it starts, and without a
        pair: the API does not tell of the requests of other samplers."""
        if line is None or line.deployment.status in DEPLOYMENT.starting:
            return None
        keys = self.members[line.deployment.remote_id]
        return max((signs[key] for key in keys if key in signs), default=None)


def is_told(row: Costed) -> bool:
    """True if the last answer listed it with a status."""
    return row.is_reported and getattr(row, row.status_field) != ""


def to_values(figures: Figures, work: Sign | None, pair_remote_id: str) -> Values:
    """As the columns hold them. What is too large to be true is unknown."""
    usd, source = figures.cost_per_hour, figures.cost_source
    if usd is not None:
        usd = usd.quantize(MICRODOLLAR) if abs(usd) < MAX_USD else None
    return (
        fit_value(figures.gpus_held, max_length=None),
        figures.gpus_of,
        usd,
        figures.cost_of,
        UNKNOWN_SOURCE if usd is None else source,
        work.at if work else None,
        work.kind.name.lower() if work else "",
        pair_remote_id,
    )
