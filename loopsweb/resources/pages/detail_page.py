"""The page of one thing: from the snapshot, live, with its history and its record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.pages.list_page import version_of
from loopsweb.resources.snapshot.freshness import freshness
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.viewers import looked_at
from loopsweb.ui.live import stamp, unchanged
from loopsweb.ui.pages import render_page, wants_partial

Row = TypeVar("Row", bound=Snapshot)
MOST_CHANGES = 20
MOST_EVENTS = 10


def detail_page(
    request: WorkspaceRequest,
    noun: str,
    model: type[Row],
    remote_id: str,
    context: Callable[[Row], dict[str, Any]],
) -> HttpResponse:
    """context: what else the page shows, asked only when something changed."""
    looked_at(request.workspace)
    feed = freshness(request.workspace).of(noun)
    version = version_of(request, feed)
    if same := unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    row = find(request, noun, model, remote_id)
    singular = model.__name__.lower()
    about = {"target_noun": singular, "target_id": row.remote_id}
    changes = StatusChange.objects.filter(
        workspace=request.workspace, noun=singular, remote_id=row.remote_id
    )
    events = Event.objects.filter(workspace=request.workspace.slug, **about)
    response = render_page(
        request,
        f"{noun}/detail.html",
        {
            "row": row,
            "noun": noun,
            "feed": feed,
            "version": version,
            "changes": changes[:MOST_CHANGES],
            "protection": Protection.objects.filter(
                workspace=request.workspace, noun=singular, remote_id=row.remote_id
            ).first(),
            "events": events.order_by("-sequence")[:MOST_EVENTS],
            "is_part": wants_partial(request, "live"),
            **context(row),
        },
        partial="live",
    )
    stamp(response, version, feed.as_of, feed.next_poll_at)
    return response


def find(request: WorkspaceRequest, noun: str, model: type[Row], remote_id: str) -> Row:
    """Raises Http404 that tells an id never read from one that never was."""
    rows = cast("QuerySet[Row]", model.objects.in_workspace(request.workspace))
    row = rows.filter(remote_id=remote_id).first()
    if row is None:
        raise Http404(
            f"{remote_id[:100]} has not been in any answer that loopsweb read for this workspace. "
            f"Look for it in the list of {noun}; it may be out of the API key's sight."
        )
    return row
