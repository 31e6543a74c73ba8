"""The page with the saved views of a list, and the choice of its columns and rows."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import READ_ONLY, Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.resources.lists import actions
from loopsweb.resources.lists.forms import RenameForm, ViewForm
from loopsweb.resources.lists.models import LISTS, SavedView
from loopsweb.resources.lists.preferences import SIZES, save_preferences
from loopsweb.resources.lists.queries import describe_query
from loopsweb.ui.listing import PAGE_SIZE
from loopsweb.ui.pages import render_page

COLUMN = re.compile("[a-z_]{1,30}")
MAX_COLUMNS = 40


def find_views(request: WorkspaceRequest, listed: str) -> QuerySet[SavedView]:
    """Raises Http404 for a list that there is not, and refuses changes in read-only mode."""
    if listed not in LISTS:
        raise Http404("There is no such list.")
    if request.method == "POST" and settings.LOOPSWEB_READ_ONLY:
        raise PermissionDenied(READ_ONLY)
    return SavedView.objects.of_list(request.workspace, listed, request.user)


@require(Permission.VIEW)
def list_views(request: WorkspaceRequest, listed: str) -> HttpResponse:
    """POST saves another one."""
    views = find_views(request, listed)
    may_share = Permission.SHARE_VIEWS in request.permissions
    sent = request.POST if request.method == "POST" else None
    form = ViewForm(
        sent,
        may_share=may_share,
        instance=SavedView(workspace=request.workspace, noun=listed),
        initial={"query": request.GET.get("query", "")},
    )
    if form.is_valid():
        view: SavedView = form.instance
        view.query = form.cleaned_data["query"]
        view.person = None if form.cleaned_data.get("for_team") else request.user
        try:
            actions.save_view(view, by=actor_of_request(request), now=timezone.now())
        except actions.ViewRefused as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"Saved as {view.name}.")
            return redirect(view)
    context = {
        "form": form,
        "listed": listed,
        "views": views.select_related("workspace"),
        "list_url": reverse(LISTS[listed], args=[request.workspace.slug]),
        "may_share": may_share,
        "saves": sent is not None or "query" in request.GET,
        "saved": list(describe_query(listed, str(form["query"].value() or ""))),
    }
    status = HTTPStatus.OK if sent is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return render_page(request, "lists/views.html", context, status=status)


@require(Permission.VIEW)
@require_POST
def rename_view(request: WorkspaceRequest, listed: str, view: int) -> HttpResponse:
    changed = get_view(request, listed, view)
    form = RenameForm(request.POST, instance=changed)
    if form.is_valid():
        by, now = actor_of_request(request), timezone.now()
        try:
            actions.save_view(changed, action="view.rename", by=by, now=now)
        except actions.ViewRefused as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"It is called {changed.name} now.")
    if form.errors:
        messages.error(request, f"It kept its name: {' '.join(map(str, form.errors['name']))}")
    return redirect("lists:views", request.workspace.slug, listed)


@require(Permission.VIEW)
@require_POST
def delete_view(request: WorkspaceRequest, listed: str, view: int) -> HttpResponse:
    deleted = get_view(request, listed, view)
    actions.delete_view(deleted, by=actor_of_request(request), now=timezone.now())
    messages.success(request, f"{deleted.name} deleted.")
    return redirect("lists:views", request.workspace.slug, listed)


def get_view(request: WorkspaceRequest, listed: str, pk: int) -> SavedView:
    """Raises PermissionDenied for one of the team, for those who may not change it."""
    view = get_object_or_404(find_views(request, listed), pk=pk)
    if view.person_id is None and Permission.SHARE_VIEWS not in request.permissions:
        raise denials.record_denial(request, Permission.SHARE_VIEWS, noun="view")
    return view


@require(Permission.VIEW)
@require_POST
def choose_columns(request: WorkspaceRequest, listed: str) -> HttpResponse:
    """`column`: each that could be hidden. `shown`: each that shall not. `size`: rows of a page."""
    find_views(request, listed)
    offered = [name for name in request.POST.getlist("column") if COLUMN.fullmatch(name)]
    hidden = set(offered[:MAX_COLUMNS]) - set(request.POST.getlist("shown"))
    sizes = {str(size): size for size in SIZES}
    size = sizes.get(request.POST.get("size", ""), PAGE_SIZE)
    save_preferences(request.user, listed, hidden=hidden, size=size)
    list_url = reverse(LISTS[listed], args=[request.workspace.slug])
    came_from = urlsplit(request.headers.get("Referer", ""))
    is_list = came_from.path == list_url and came_from.query
    return redirect(f"{list_url}?{came_from.query}" if is_list else list_url)
