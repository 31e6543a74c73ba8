"""What stands above a list: its saved views, and the choice of columns and rows."""

from __future__ import annotations

from collections.abc import Iterable

from django.template.loader import render_to_string
from django.urls import reverse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.resources.lists.models import SavedView
from loopsweb.resources.lists.preferences import SIZES, ListPreferences


def render_bar(
    request: WorkspaceRequest, noun: str, optional: Iterable[str], preferences: ListPreferences
) -> str:
    """In one query. optional: the columns that can be hidden."""
    views = SavedView.objects.of_list(request.workspace, noun, request.user)
    place = [request.workspace.slug, noun]
    bar = {
        "views": views.select_related("workspace"),
        "views_url": reverse("lists:views", args=place),
        "columns_url": reverse("lists:columns", args=place),
        "columns": preferences.list_columns(optional),
        "sizes": SIZES,
        "size_chosen": preferences.size,
    }
    return render_to_string("lists/bar.html", bar, request)
