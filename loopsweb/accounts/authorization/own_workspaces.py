"""The workspaces that a person can switch to, in one statement a request."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from loopsweb.accounts.models import Workspace
from loopsweb.prepared_queries import Columns, Parameter, PlannedQuery, build_rows

COLUMNS = Columns(Workspace, "id team_id slug name")


@PlannedQuery
def select_own() -> QuerySet[Workspace, tuple[object, ...]]:
    own = Workspace.objects.filter(team__memberships__user_id=Parameter("person"))
    return own.values_list(*COLUMNS.paths)


def list_own_workspaces(request: HttpRequest) -> list[Workspace]:
    if not request.user.is_authenticated:
        return []
    if not hasattr(request, "own_workspaces"):
        rows = select_own.fetch(person=request.user.pk)
        own = [workspace for row in rows for workspace in build_rows(row, COLUMNS)]
        request.own_workspaces = own  # type: ignore[attr-defined]
    return request.own_workspaces  # type: ignore[attr-defined, no-any-return]
