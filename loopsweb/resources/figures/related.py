"""The rows whose figures follow from each other: runs, samplers and deployments of one pair."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.figures.queries import FigureRows
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import Costed

C = TypeVar("C", bound=Costed)
Key = tuple[type[Costed], str]  # a model and a remote id
MODELS: tuple[type[Costed], ...] = (Run, Sampler, Deployment)


@dataclass(frozen=True)
class Related:
    """seeds: those that were asked for."""

    seeds: Collection[Key]
    by_key: dict[Key, Costed] = field(default_factory=dict)

    def of(self, model: type[C]) -> list[C]:
        """In the order in which they came."""
        found = [row for row in self.by_key.values() if isinstance(row, model)]
        return sorted(found, key=lambda row: row.pk)

    def add(self, row: Costed) -> Iterator[Key]:
        """Returns its key, and the keys of what it names and of the deployment that it was counted
        with before. What has ended leads no further."""
        key = (type(row), row.remote_id)
        self.by_key[key] = row
        yield key
        if not row.is_terminal or key in self.seeds:
            yield from list_named(row)
            yield Deployment, row.pair_remote_id


def load_related(figure_rows: FigureRows, seeds: Collection[Key]) -> Related:
    """The rows, and all that is tied to them by a pair that has not ended: in three queries for
    each step from one to the next."""
    rows, asked, new = Related(set(seeds)), set[Key](), set(seeds)
    while new:
        asked |= new
        ids = {model: [remote_id for of, remote_id in new if of is model] for model in MODELS}
        ties = {"runs": ids[Run], "samplers": ids[Sampler], "deployments": ids[Deployment]}
        named = set[Key]()
        for model in MODELS:
            for row in figure_rows.list_tied(model, ids[model], **ties):
                named.update(rows.add(row))
        new = {key for key in named if key[1]} - asked
    return rows


def list_named(row: Costed) -> Iterator[Key]:
    if isinstance(row, Run):
        yield Deployment, row.deployment_remote_id
        yield Sampler, row.sampler_remote_id
    elif isinstance(row, Sampler):
        yield Run, row.run_remote_id
    elif isinstance(row, Deployment):
        yield Run, row.active_run_remote_id
        yield Run, row.latest_run_remote_id
        yield Sampler, row.sampler_remote_id
