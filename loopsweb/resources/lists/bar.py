"""What stands above a list: its saved views, and the choice of columns and rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.prepared_queries import Columns, Parameter, PreparedQuery, build_rows
from loopsweb.resources.lists.models import SavedView
from loopsweb.resources.lists.preferences import SIZES, ListPreferences

COLUMNS = Columns(SavedView)


def select_views() -> QuerySet[SavedView, tuple[object, ...]]:
    views = SavedView.objects.of_list(*map(Parameter, ("workspace", "noun", "person")))
    return views.values_list(*COLUMNS.paths)


VIEWS = PreparedQuery(select_views)


def load_views(request: WorkspaceRequest, noun: str) -> list[SavedView]:
    views = []
    for row in VIEWS.fetch(person=request.user.pk, workspace=request.workspace.pk, noun=noun):
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
    noun: str,
    optional: Iterable[str],
    preferences: ListPreferences,
    views: Sequence[SavedView],
) -> dict[str, Any]:
    """optional: the columns that can be hidden."""
    place = [request.workspace.slug, noun]
    return {
        "views": views,
        "views_url": reverse("lists:views", args=place),
        "columns_url": reverse("lists:columns", args=place),
        "columns": preferences.list_columns(optional),
        "sizes": SIZES,
        "size_chosen": preferences.size,
    }
