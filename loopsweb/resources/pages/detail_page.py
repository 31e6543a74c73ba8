"""The page of one thing: from the snapshot, live, with its history and its audit events."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.states import DEACTIVATION
from loopsweb.resources.deactivations.stops import find_stop
from loopsweb.resources.nouns import VOCABULARIES, find_noun
from loopsweb.resources.pages.freshness import compute_page_version, load_freshness
from loopsweb.resources.pages.idleness import find_observed_until, observe
from loopsweb.resources.pages.live_page import render_live_page
from loopsweb.resources.pages.starting import mark_starting
from loopsweb.resources.pages.status_band import REDRAWN_AFTER, draw_status_band
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.retention import find_cutoff
from loopsweb.ui.live import answer_if_unchanged
from loopsweb.ui.pages import render_page
from loopsweb.ui.url_text import clean_text

Row = TypeVar("Row", bound=Snapshot)
MAX_CHANGES = 20
MAX_EVENTS = 10
MAX_RECORDS = 10


def render_detail_page(
    request: WorkspaceRequest,
    model: type[Row],
    remote_id: str,
    context: Callable[[Row], dict[str, Any]],
    *,
    shows: Collection[str] = (),
    runs: QuerySet[Run] | None = None,
) -> HttpResponse:
    """context: what else the page shows, called only when something changed; in it `ends_with`: the
    rows with which this one ends. shows: the other nouns of which it shows rows. runs: the only
    ones whose checkpoints it shows, None for all."""
    workspace, noun = request.workspace, find_noun(model)
    record_viewer(workspace)
    freshness = load_freshness(workspace, runs=runs)
    feed = freshness.of(noun.slug, *shows)
    now = timezone.now()
    version = f"{compute_page_version(workspace, feed)}.{int(now.timestamp() // REDRAWN_AFTER)}"
    if same := answer_if_unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same

    def load_records() -> list[Deactivation]:
        if noun.ending is None:
            return []
        about = Deactivation.objects.about(noun.singular, remote_id, workspace=workspace)
        return list(about[:MAX_RECORDS])

    def build_context() -> dict[str, Any]:
        row, records = get_row_or_404(request, model, remote_id), load_records()
        [row] = observe([row], until=find_observed_until(freshness, now=now))
        mark_starting([row], noun, workspace=workspace, feed=feed)
        target = {"workspace": workspace, "noun": noun.singular, "remote_id": row.remote_id}
        events = Event.objects.filter(
            workspace=workspace.slug, target_noun=noun.singular, target_id=row.remote_id
        )
        stop = find_stop(row) if noun.ending and row.is_terminal else None
        requests = {one.pk: one for one in ([stop] if stop else []) + records}.values()
        chosen = clean_text(request.GET.get("history"))
        own = context(row)
        ends_with = [] if row.is_terminal else own.get("ends_with", [])
        open_request = next((one for one in records if one.spec.open), None)
        return {
            "row": row,
            "noun": noun,
            "changes": StatusChange.objects.filter(**target)[:MAX_CHANGES],
            "changes_kept_since": find_cutoff(now),
            "protection": Protection.objects.filter(**target).first(),
            "events": events.order_by("-sequence")[:MAX_EVENTS],
            "status": noun.vocabulary and noun.vocabulary.get(getattr(row, row.status_field)),
            "stop": stop,
            "status_band": draw_status_band(row, chosen=chosen, requests=requests, now=now),
            "records": records,
            "deactivation": DEACTIVATION,
            "open_request": open_request or Deactivation.objects.find_open(*ends_with),
            "own_vocabulary": noun.vocabulary,
            "vocabulary": VOCABULARIES,
            **own,
        }

    template = f"{noun.slug}/detail.html"
    try:
        return render_live_page(request, template, build_context, version=version, feed=feed)
    except Http404 as missing:
        records = load_records()
        if not records:
            raise
        gone = {"noun": noun, "remote_id": remote_id, "records": records, "text": missing}
        gone["deactivation"] = DEACTIVATION
        return render_page(request, "resources/gone.html", gone, status=404)


def get_row_or_404(request: WorkspaceRequest, model: type[Row], remote_id: str) -> Row:
    """Raises Http404 with what to do next."""
    rows = cast("QuerySet[Row]", model.objects.in_workspace(request.workspace))
    row = rows.filter(remote_id=remote_id).first()
    if row is None:
        days = settings.LOOPSWEB_RETENTION_DAYS
        period = f" in the last {days:g} days" if days else ""
        raise Http404(
            f"The API has not reported {remote_id[:100]} for this workspace{period}. "
            f"Look for it in the list of {find_noun(model).slug}; "
            "it may not be visible to this API key."
        )
    return row
