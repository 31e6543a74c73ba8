"""The audit trail's list and the page of one event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.chain import signed_heads
from loopsweb.audit.models import Chain, Event
from loopsweb.audit.timeline import build_steps, group_by_incident
from loopsweb.dashboard.export_events import record_audit_export
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.lists.bar import get_views_url, load_bar
from loopsweb.resources.lists.preferences import load_preferences
from loopsweb.resources.lists.queries import register_list
from loopsweb.resources.nouns import BY_SINGULAR
from loopsweb.resources.pages.exports import require_export
from loopsweb.ui.csv_export import csv_response
from loopsweb.ui.facets import Facets
from loopsweb.ui.filters import Filter, ListSpec
from loopsweb.ui.listing import ListQuery
from loopsweb.ui.live_list import render_live_list
from loopsweb.ui.pages import render_page
from loopsweb.ui.table_cache import cached

MAX_SEQUENCE = 2**63 - 1


def parse_day(text: str) -> datetime | None:
    """The start of a day in UTC, None for anything that is not an ISO date."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def filter_since(text: str) -> Q:
    day = parse_day(text)
    return Q(at__gte=day) if day else Q()


def filter_until(text: str) -> Q:
    """Includes the whole day."""
    day = parse_day(text)
    try:
        return Q(at__lt=day + timedelta(days=1)) if day else Q()
    except OverflowError:
        return Q()


SPEC = ListSpec(
    searched="person, target, reason",
    search="search__text",
    filters=(
        Filter("person", "Person", field="person"),
        Filter("action", "Action", field="action"),
        Filter("outcome", "Outcome", field="outcome"),
        Filter("target", "Target", field="target_noun"),
        Filter("since", "Since", where=filter_since),
        Filter("until", "Until", where=filter_until),
    ),
    sorts={"at": "sequence"},
    default_sort="-at",
    descending=frozenset({"at"}),
)
register_list("audit", SPEC)
COLUMNS = (
    "id", "at", "action", "outcome", "person", "role", "target_noun", "target_id", "target_name",
    "target_owner", "reason", "answer", "key_label", "key_fingerprint", "address", "request_id",
    "incident",
)  # fmt: skip


@require(Permission.VIEW)
def list_events(request: WorkspaceRequest) -> HttpResponseBase:
    slug = request.workspace.slug
    chain = Chain.objects.filter(workspace=slug).first()
    version = chain.sequence if chain else 0
    events = Event.objects.filter(workspace=slug, sequence__lte=version)
    now, key = timezone.now(), ("audit", slug, version)
    preferences = load_preferences(request.user, "audit")

    def export(query: ListQuery) -> HttpResponseBase:
        require_export(request, noun="audit")
        chosen = query.url().removesuffix("?")
        record_audit_export(request, "audit as CSV", now=now, reason=chosen)
        selected = query.select(events).iterator(chunk_size=2000)
        columns = {name: name for name in COLUMNS}
        return csv_response(columns, selected, name=f"audit-{slug}", as_of=now)

    def render_table(query: ListQuery, facets: Callable[[], Facets]) -> str:
        page = query.page(events, facets())
        incidents = group_by_incident(page.rows, events)
        noun = "event" if page.found == 1 else "events"
        if len(incidents) < len(page.rows):
            plural = "" if len(incidents) == 1 else "s"
            noun = f"{noun}, {len(incidents)} incident{plural} on this page"
        table = {
            "page": page,
            "incidents": incidents,
            "query": query,
            "noun": noun,
            "views_url": get_views_url(request, "audit"),
        }
        return render_to_string("dashboard/_audit_table.html", table, request)

    return render_live_list(
        request,
        SPEC,
        "dashboard/audit.html",
        version=version,
        as_of=now,
        key=key,
        facets=lambda: cached(lambda: SPEC.count_facets(events), key=key, of=Facets),
        table=render_table,
        export=export,
        context={
            "chain": chain,
            "public_key": signed_heads.encode_public_key(),
            "bar": SimpleLazyObject(lambda: load_bar(request, "audit", preferences)),
        },
        size=preferences.size,
    )


@require(Permission.VIEW)
def show_event(request: WorkspaceRequest, sequence: int) -> HttpResponse:
    events = Event.objects.filter(workspace=request.workspace.slug)
    event = events.filter(sequence=sequence).first() if sequence <= MAX_SEQUENCE else None
    if event is None:
        raise Http404("This workspace has no such audit event.")
    incident = events.filter(incident=event.incident).order_by("sequence")
    context = {
        "event": event,
        "steps": build_steps(list(incident)),
        "target_url": get_target_url(request.workspace.slug, event),
        "record": Deactivation.objects.filter(
            workspace=request.workspace, incident=event.incident
        ).first(),
    }
    return render_page(request, "dashboard/event.html", context)


def get_target_url(slug: str, event: Event) -> str:
    """The page of the event's target, "" when it has none."""
    noun = BY_SINGULAR.get(event.target_noun)
    if noun is None or not event.target_id:
        return ""
    return reverse(f"{noun.slug}:detail", args=[slug, event.target_id])
