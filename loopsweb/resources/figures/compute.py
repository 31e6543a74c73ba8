"""What each row holds and costs, and when it last worked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import UNKNOWN_SOURCE
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import (
    Figures,
    PairedRun,
    PricedDeployment,
    figure_sampler,
    pair_runs,
    price_deployments,
)
from loopsweb.resources.figures.related import Key, Related
from loopsweb.resources.figures.work import Sign, find_signs
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import Costed
from loopsweb.resources.snapshot.sanitize import fit_value

MICRODOLLAR, MAX_USD = Decimal("0.000001"), Decimal(10**14)
Values = tuple[Any, ...]  # of FIGURES


def compute_figures(workspace: Workspace, rows: Related) -> Iterator[tuple[Costed, Values]]:
    lines = {one.deployment.remote_id: one for one in price_deployments(rows.of(Deployment))}
    pairs = Pairs(
        live={one: line for one, line in lines.items() if not line.deployment.is_terminal},
        runs=pair_runs(workspace, rows.of(Run)),
    )
    signs = find_signs(workspace, [*rows.by_key.values(), *pairs.samplers])
    for (_, remote_id), row in rows.by_key.items():
        counted_in: PricedDeployment | None = None
        if isinstance(row, Run):
            pair = pairs.runs[remote_id]
            line = counted_in = pairs.of_run(pair)
            figures, work = pair.figures, pairs.last_work(line, signs)
            if line and not is_told(line.deployment):
                work = None
        elif isinstance(row, Sampler):
            line = pairs.of_sampler.get(remote_id)
            if line and not row.is_terminal:
                is_part = line.deployment.is_reported or not row.is_reported
                counted_in = line if is_part else None
            figures = figure_sampler(row, getattr(row.workspace, "catalogue", None))
            own = find_latest(signs, [(Sampler, remote_id), (Run, row.run_remote_id)])
            work = pairs.last_work(line, signs) if line else own
        else:
            line = pairs.live.get(remote_id)
            figures, work = lines[remote_id].figures, pairs.last_work(line, signs)
        if figures.gpus_held == 0 or not is_told(row):
            work = None
        yield row, to_values(figures, work, counted_in.deployment.remote_id if counted_in else "")


class Pairs:
    """Deployments that have not ended, by id, with their samplers and runs."""

    def __init__(self, *, live: dict[str, PricedDeployment], runs: Iterable[PairedRun]) -> None:
        self.live, self.runs = live, {pair.run.remote_id: pair for pair in runs}
        self.samplers = [line.sampler for line in live.values() if line.sampler]
        self.of_sampler = {line.sampler.remote_id: line for line in live.values() if line.sampler}
        self.members: dict[str, set[Key]] = {}
        for remote_id, line in live.items():
            deployment = line.deployment
            named = {deployment.active_run_remote_id, deployment.latest_run_remote_id}
            self.members[remote_id] = {(Deployment, remote_id), *((Run, one) for one in named)}
            if line.sampler:
                self.members[remote_id].add((Sampler, line.sampler.remote_id))
        for pair in self.runs.values():
            if found := self.of_run(pair):
                self.members[found.deployment.remote_id].add((Run, pair.run.remote_id))

    def of_run(self, pair: PairedRun) -> PricedDeployment | None:
        if pair.deployment is None or pair.run.is_terminal or not pair.is_current:
            return None
        return self.live.get(pair.deployment.remote_id)

    def last_work(self, line: PricedDeployment | None, signs: dict[Key, Sign]) -> Sign | None:
        """A pair works as one: trainer, sampler and their runs."""
        return find_latest(signs, self.members[line.deployment.remote_id] if line else ())


def find_latest(signs: dict[Key, Sign], keys: Iterable[Key]) -> Sign | None:
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
