"""What stands above a list: its saved views, and the choice of columns and rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.prepared_queries import Columns, Parameter, PlannedQuery, build_rows
from loopsweb.resources.lists.models import SavedView
from loopsweb.resources.lists.preferences import SIZES, ListPreferences
from loopsweb.resources.lists.queries import is_same_query

COLUMNS = Columns(SavedView)


@PlannedQuery
def select_views() -> QuerySet[SavedView, tuple[object, ...]]:
    views = SavedView.objects.of_list(*map(Parameter, ("workspace", "noun", "person")))
    return views.values_list(*COLUMNS.paths)


def load_views(request: WorkspaceRequest, listed: str) -> list[SavedView]:
    views = []
    person, workspace = request.user.pk, request.workspace.pk
    for row in select_views.fetch(person=person, workspace=workspace, noun=listed):
        [view] = build_rows(row, COLUMNS)
        view.workspace = request.workspace
        views.append(view)
    return views


def get_views_url(request: WorkspaceRequest, listed: str) -> str:
    return reverse("lists:views", args=[request.workspace.slug, listed])


def load_bar(
    request: WorkspaceRequest, listed: str, preferences: ListPreferences
) -> dict[str, Any]:
    """Of a list that has no columns to choose. listed: of LISTS."""
    return describe_bar(request, listed, (), preferences, load_views(request, listed))


def describe_bar(
    request: WorkspaceRequest,
    listed: str,
    optional: Iterable[str],
    preferences: ListPreferences,
    views: Sequence[SavedView],
) -> dict[str, Any]:
    """optional: the columns that can be hidden."""
    shown = request.GET.urlencode()
    return {
        "views": [(view, is_same_query(view.query, shown)) for view in views],
        "views_url": get_views_url(request, listed),
        "columns_url": reverse("lists:columns", args=[request.workspace.slug, listed]),
        "columns": preferences.list_columns(optional),
        "sizes": SIZES,
        "size_chosen": preferences.size,
    }
