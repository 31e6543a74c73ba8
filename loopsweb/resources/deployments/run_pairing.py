"""Pairs runs with their deployments, and computes the cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run


@dataclass(frozen=True)
class PairedRun:
    """A run with its deployment, None where that is unknown.

    deployment_cost: USD per hour of the deployment, None where unknown.
    """

    run: Run
    deployment: Deployment | None = None
    deployment_cost: Decimal | None = None

    @property
    def is_current(self) -> bool:
        """True if the deployment, as far as is known, serves this run and no other."""
        if self.deployment is None or self.run.status == "INACTIVE":
            return False
        return self.deployment.active_run_remote_id in {"", self.run.remote_id}

    @property
    def gpus_held(self) -> int | None:
        """GPUs this run holds: 0 when its deployment now serves another run."""
        if self.deployment is None:
            return None
        return self.deployment.gpus_held if self.is_current else 0

    @property
    def cost_per_hour(self) -> Decimal | None:
        """USD for this run, None where unknown."""
        return self.deployment_cost if self.deployment is None or self.is_current else Decimal(0)


@dataclass(frozen=True)
class PricedDeployment:
    deployment: Deployment
    cost_per_hour: Decimal | None


def pair_runs(workspace: Workspace, runs: Sequence[Run]) -> list[PairedRun]:
    """Each run with its deployment, in one query. A run names its deployment, or the other way
    round."""
    named = {run.deployment_remote_id for run in runs if run.deployment_remote_id}
    ids = [run.remote_id for run in runs]
    deployments = select_with_prices(workspace).filter(
        Q(remote_id__in=named) | Q(active_run_remote_id__in=ids) | Q(latest_run_remote_id__in=ids)
    )
    by_id: dict[str, PricedDeployment] = {}
    by_run: dict[str, PricedDeployment] = {}
    for each in price_deployments(deployments):
        by_id[each.deployment.remote_id] = each
        by_run.setdefault(each.deployment.latest_run_remote_id, each)
        by_run[each.deployment.active_run_remote_id] = each
    found = [
        (run, by_id.get(run.deployment_remote_id) or by_run.get(run.remote_id)) for run in runs
    ]
    return [
        PairedRun(run, priced.deployment, priced.cost_per_hour) if priced else PairedRun(run)
        for run, priced in found
    ]


def select_with_prices(workspace: Workspace) -> QuerySet[Deployment]:
    return Deployment.objects.in_workspace(workspace).select_related("workspace__catalogue")


def price_deployments(deployments: Iterable[Deployment]) -> list[PricedDeployment]:
    """deployments: as `select_with_prices` selects them."""
    lines = []
    for each in deployments:
        catalogue: Catalogue | None = getattr(each.workspace, "catalogue", None)
        lines.append(PricedDeployment(each, catalogue.cost_per_hour(each) if catalogue else None))
    return lines
