"""What is held and costs money now: in sum, per source of the price, per person and per model.

Read from the stored figures in two queries, whatever the number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import NOTHING_HELD, UNKNOWN_SOURCE
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import TRAINER_ONLY
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.snapshot.models import REPORTED

SHOWN = 5  # people or models; the others are summed
GROUPED_BY = ("owner_email", "base_model", "cost_source")


@dataclass(frozen=True)
class Total:
    """The sum of the known figures, None if there are only others. unknown: how many others, or of
    how many a part. unreported: of how much the last answer did not tell: it may have ended, and is
    in no sum."""

    known: Decimal | int | None
    unknown: int = 0
    unreported: int = 0


@dataclass(frozen=True)
class Share:
    """What one person or model holds. number: of how many together, where they are the others."""

    name: str
    gpus: Total
    cost: Total
    number: int = 1


@dataclass(frozen=True)
class Spending:
    """gpus_of_samplers: those of samplers whose trainer holds none, or that have none. sources:
    USD per hour by who gives the price."""

    gpus: Total
    cost: Total
    gpus_of_samplers: int
    sources: dict[str, Decimal] = field(default_factory=dict)
    people: list[Share] = field(default_factory=list)
    models: list[Share] = field(default_factory=list)


def select_holders(workspace: Workspace) -> tuple[QuerySet[Deployment], QuerySet[Sampler]]:
    """Pairs and samplers that hold GPUs or may, each counted once. Older servers give samplers no
    status: there a paired one is unknown with its pair."""
    pairs = Deployment.objects.in_workspace(workspace).filter(
        Q(gpus__gt=0) | Q(Q(gpus=None), ~Q(status__in=DEPLOYMENT.without_gpus))
    )
    alone = Sampler.objects.in_workspace(workspace).filter(
        Q(gpus__gt=0) | Q(Q(gpus=None), ~Q(status__in=SAMPLER.without_gpus)), pair_remote_id=""
    )
    return pairs, alone.exclude(status="", run_remote_id__gt="")


def sum_spending(workspace: Workspace) -> Spending:
    pairs, alone = select_holders(workspace)
    groups = [*group(pairs, Q(status__in=DEPLOYMENT.without_gpus)), *group(alone, Q())]
    sources: dict[str, Decimal] = defaultdict(Decimal)
    for one in groups:
        if one["known_usd"] and one["cost_source"] not in {UNKNOWN_SOURCE, NOTHING_HELD}:
            sources[one["cost_source"]] += one["known_usd"]
    return Spending(
        gpus=add_up(groups, "gpus"),
        cost=add_up(groups, "usd"),
        gpus_of_samplers=sum(one["of_samplers"] or 0 for one in groups),
        sources=dict(sources),
        people=share(groups, "owner_email"),
        models=share(groups, "base_model"),
    )


def group(rows: QuerySet[Any], of_samplers: Q) -> list[dict[str, Any]]:
    """of_samplers: the rows all of whose GPUs are a sampler's."""
    no_gpus = Q(gpus=None) | Q(gpus_of=TRAINER_ONLY)
    no_cost = Q(usd_per_hour=None) | Q(usd_of=TRAINER_ONLY)
    return list(
        rows.order_by()
        .values(*GROUPED_BY)
        .annotate(
            reported=Count("pk", filter=REPORTED),
            unreported=Count("pk", filter=~REPORTED),
            known_gpus=Sum("gpus", filter=REPORTED),
            known_usd=Sum("usd_per_hour", filter=REPORTED),
            unknown_gpus=Count("pk", filter=REPORTED & no_gpus),
            unknown_usd=Count("pk", filter=REPORTED & no_cost),
            of_samplers=Sum("gpus", filter=REPORTED & of_samplers),
        )
    )


def add_up(groups: Iterable[dict[str, Any]], name: str) -> Total:
    every = list(groups)
    known = [one[f"known_{name}"] for one in every if one[f"known_{name}"] is not None]
    is_known = known or not any(one["reported"] for one in every)
    return Total(
        sum(known) if is_known else None,
        sum(one[f"unknown_{name}"] for one in every),
        sum(one["unreported"] for one in every),
    )


def share(groups: list[dict[str, Any]], by: str) -> list[Share]:
    """The largest first, and the others in sum."""
    of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in groups:
        of[one[by]].append(one)
    shares = [Share(n, add_up(some, "gpus"), add_up(some, "usd")) for n, some in of.items()]
    shares.sort(key=lambda one: (-(one.cost.known or 0), -(one.gpus.known or 0), one.name))
    others = [one for each in shares[SHOWN:] for one in of[each.name]]
    if not others:
        return shares
    number = len(shares) - SHOWN
    rest = Share("", add_up(others, "gpus"), add_up(others, "usd"), number)
    return [*shares[:SHOWN], rest]
