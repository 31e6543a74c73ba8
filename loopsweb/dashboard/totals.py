"""GPUs in use and their cost, over everything that holds some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue, price_holder
from loopsweb.resources.deployments.run_pairing import TRAINER_ONLY, PricedDeployment
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER

Number = Decimal | int


class Figure(NamedTuple):
    """value: None if unknown. is_part: something beside it is unknown."""

    is_reported: bool
    value: Number | None
    is_part: bool = False


@dataclass(frozen=True)
class Total:
    """The sum of the known figures, None if there are only others. unknown: how many others.
    unreported: of how much the last answer did not tell: it may have ended, and is in no sum."""

    known: Number | None
    unknown: int = 0
    unreported: int = 0


def add_up(figures: Iterable[Figure]) -> Total:
    every = list(figures)
    reported = [one for one in every if one.is_reported]
    known = [one.value for one in reported if one.value is not None]
    unknown = sum(one.value is None or one.is_part for one in reported)
    total = sum(known) if known or not reported else None
    return Total(total, unknown, len(every) - len(reported))


def sum_holders(workspace: Workspace, lines: list[PricedDeployment]) -> tuple[Total, Total, Total]:
    """(GPUs, USD per hour, GPUs of samplers alone), in two queries. lines: the deployments that
    may hold GPUs."""
    catalogue = Catalogue.objects.filter(workspace=workspace).first()
    pairs = [(line.deployment.is_reported, line.figures) for line in lines]
    gpus = [Figure(now, of.gpus_held, of.gpus_of == TRAINER_ONLY) for now, of in pairs]
    costs = [Figure(now, of.cost_per_hour, of.cost_of == TRAINER_ONLY) for now, of in pairs]
    others = list(find_other_samplers(workspace, lines))
    other_gpus = [Figure(one.is_reported, one.gpus_held) for one in others]
    costs += [Figure(one.is_reported, price_holder(catalogue, one).usd) for one in others]
    return add_up(gpus + other_gpus), add_up(costs), add_up(other_gpus)


def find_other_samplers(workspace: Workspace, lines: list[PricedDeployment]) -> Iterator[Sampler]:
    """Samplers that may hold GPUs and count with no deployment: also one that is still listed where
    its deployment is not. Older servers give no status: there a paired one is unknown with its
    pair."""
    counted = {
        line.sampler.pk
        for line in lines
        if line.sampler and (line.deployment.is_reported or not line.sampler.is_reported)
    }
    rows = Sampler.objects.in_workspace(workspace).exclude(status__in=SAMPLER.without_gpus)
    for row in rows.exclude(status="", run_remote_id__gt=""):
        if row.pk not in counted and not row.is_serverless:
            yield row
