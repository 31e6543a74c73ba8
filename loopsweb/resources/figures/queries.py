"""The queries of figures, compiled once: they are asked for each answer that is stored."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.prepared_queries import Columns, Parameter, PreparedQuery, among, build_rows
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import run_of
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import Costed
from loopsweb.resources.snapshot.status_changes import StatusChange

COLUMNS: dict[type[Costed], Columns] = {
    model: Columns(model) for model in (Run, Sampler, Deployment)
}
HERE: dict[str, Any] = {"workspace_id": Parameter("workspace")}
Rows = QuerySet[Any, tuple[Any, ...]]


def select(model: type[Costed], *conditions: Q) -> Rows:
    """Rows of which one of the conditions holds, which an index finds for each."""
    rows = model._default_manager.filter(reduce(or_, conditions), **HERE)
    return rows.order_by().values_list(*COLUMNS[model].paths)


def is_live(model: type[Costed]) -> Q:
    return ~Q(status__in=model.vocabulary.terminal) if model.vocabulary else Q()


def select_tied(model: type[Costed], *ties: Q) -> Rows:
    """Those of the ids, and those that have not ended and are tied to something."""
    return select(model, among("remote_id", "ids"), *(is_live(model) & tie for tie in ties))


IN_PAIR = among("pair_remote_id", "deployments")
OF_SAMPLER = among("sampler_remote_id", "samplers")
OF_RUN = (among("active_run_remote_id", "runs"), among("latest_run_remote_id", "runs"))
NAMES_DEPLOYMENT = among("deployment_remote_id", "deployments")
TIED = {
    Run: PreparedQuery(lambda: select_tied(Run, IN_PAIR, OF_SAMPLER, NAMES_DEPLOYMENT)),
    Sampler: PreparedQuery(lambda: select_tied(Sampler, IN_PAIR, among("run_remote_id", "runs"))),
    Deployment: PreparedQuery(lambda: select_tied(Deployment, OF_SAMPLER, *OF_RUN)),
}
DEPLOYMENTS_OF_RUNS = PreparedQuery(
    lambda: select(Deployment, among("remote_id", "deployments"), *OF_RUN)
)
SAMPLERS = PreparedQuery(
    lambda: select(Sampler, among("remote_id", "samplers"), among("run_remote_id", "runs"))
)


@PreparedQuery
def select_changes() -> Rows:
    some: dict[str, Any] = HERE | {"noun": Parameter("noun")}
    of_ids = among("remote_id", "ids") & ~among("new", "at_rest")
    changes = StatusChange.objects.filter(of_ids, **some)
    return changes.order_by().values_list("remote_id").annotate(Max("first_seen_new_at"))


@PreparedQuery
def select_saved() -> Rows:
    saved = Checkpoint.objects.filter(
        among("run_remote_id", "ids"), created_at__isnull=False, **HERE
    )
    return saved.order_by().values_list("run_remote_id").annotate(Max("created_at"))


@PreparedQuery
def select_at_work() -> Rows:
    """Runs that have not ended, or that a deployment names which has not."""
    live = Deployment.objects.filter(is_live(Deployment), **HERE)
    run = OuterRef("remote_id")
    is_named = Q(Exists(live.filter(active_run_remote_id=run)))
    is_named |= Q(Exists(live.filter(latest_run_remote_id=run)))
    given = Run.objects.filter(among("remote_id", "ids"), **HERE)
    runs = Run.objects.filter(is_live(Run) | is_named, pk__in=given.values("pk"))
    return runs.order_by().values_list("remote_id")


CATALOGUE = Columns(Catalogue)


@PreparedQuery
def select_catalogue() -> Rows:
    return Catalogue.objects.filter(**HERE).values_list(*CATALOGUE.paths)


class FigureRows:
    """Rows of a workspace, with its prices as they are when this is made."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = Workspace(pk=workspace.pk)
        found = select_catalogue.fetch(workspace=workspace.pk)
        catalogue = next(build_rows(found[0], CATALOGUE)) if found else None
        Workspace.catalogue.related.set_cached_value(self.workspace, catalogue)

    def build(self, model: type[Any], found: Iterable[tuple[Any, ...]]) -> list[Any]:
        """The oldest first."""
        rows = [next(build_rows(values, COLUMNS[model])) for values in found]
        for row in rows:
            row.workspace = self.workspace
        return sorted(rows, key=lambda row: row.pk)

    def list_tied(self, model: type[Any], ids: list[str], **ties: list[str]) -> list[Any]:
        found = TIED[model].fetch(workspace=self.workspace.pk, ids=ids, **ties)
        return self.build(model, found)

    def list_deployments(self, runs: Iterable[Run]) -> list[Deployment]:
        """Those that one of the runs names, or that name one."""
        runs = list(runs)
        found = DEPLOYMENTS_OF_RUNS.fetch(
            workspace=self.workspace.pk,
            deployments=list({run.deployment_remote_id for run in runs} - {""}),
            runs=[run.remote_id for run in runs],
        )
        return self.build(Deployment, found)

    def list_samplers(self, deployments: Iterable[Deployment]) -> list[Sampler]:
        """Those that one of the deployments names, or whose run one names."""
        found = SAMPLERS.fetch(
            workspace=self.workspace.pk,
            samplers=list({one.sampler_remote_id for one in deployments} - {""}),
            runs=list({run_of(one) for one in deployments} - {""}),
        )
        return self.build(Sampler, found)
