"""The record: what was done, tried or seen, by whom and when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.chain import checkpoints
from loopsweb.audit.models import Chain, Event, Outcome
from loopsweb.audit.record import actor, record
from loopsweb.audit.timeline import steps, together
from loopsweb.ui.csv_export import csv_answer
from loopsweb.ui.filters import Filter, Spec
from loopsweb.ui.listing import read
from loopsweb.ui.live import stamp, unchanged
from loopsweb.ui.pages import render_page, wants_partial

HAVE_PAGES = ("session", "run", "sampler", "checkpoint", "deployment")


def start_of(day: str, *, later: int = 0) -> datetime | None:
    """The first moment of a day in UTC, None where the text is no day."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=later)
    except (ValueError, OverflowError):
        return None


def since(day: str) -> Q:
    moment = start_of(day)
    return Q(at__gte=moment) if moment else Q()


def until(day: str) -> Q:
    moment = start_of(day, later=1)
    return Q(at__lt=moment) if moment else Q()


SPEC = Spec(
    search=("person", "target_id", "target_name", "target_owner", "reason", "action", "incident"),
    filters=(
        Filter("person", "Person", field="person"),
        Filter("action", "Action", field="action"),
        Filter("outcome", "Outcome", field="outcome"),
        Filter("target", "Target", field="target_noun"),
        Filter("since", "Since", where=since),
        Filter("until", "Until", where=until),
    ),
    sorts={"at": "sequence"},
    usual_sort="-at",
    downward=frozenset({"at"}),
)
COLUMNS = {
    name: name
    for name in (
        "id",
        "at",
        "action",
        "outcome",
        "person",
        "role",
        "target_noun",
        "target_id",
        "target_name",
        "target_owner",
        "reason",
        "answer",
        "key_label",
        "key_fingerprint",
        "address",
        "request_id",
        "incident",
    )
}


@require(Permission.VIEW)
def list_(request: WorkspaceRequest) -> HttpResponseBase:
    chain = Chain.objects.filter(workspace=request.workspace.slug).first()
    version = chain.sequence if chain else 0
    rows = Event.objects.filter(workspace=request.workspace.slug, sequence__lte=version)
    now = timezone.now()
    if same := unchanged(request, version, now):
        return same
    query = read(SPEC, request.GET)
    if request.GET.get("format") == "csv":
        if Permission.EXPORT not in request.permissions:
            raise denials.refuse(request, Permission.EXPORT)
        record(
            **actor(request),
            action="audit.export",
            outcome=Outcome.SUCCEEDED,
            target_noun="audit",
            target_name="audit as CSV",
            reason=query.csv_url,
            now=now,
        )
        selected = query.select(rows).iterator(chunk_size=2000)
        return csv_answer(COLUMNS, selected, name=f"audit-{request.workspace.slug}", as_of=now)
    census = SPEC.census(rows)
    page = query.page(rows, census)
    incidents = together(page.rows, rows)
    noun = "event" if page.found == 1 else "events"
    if len(incidents) < len(page.rows):
        noun = f"{noun}, {len(incidents)} incidents on this page"
    table = {"page": page, "incidents": incidents, "query": query, "noun": noun}
    is_part = wants_partial(request, "live")
    response = render_page(
        request,
        "ui/live.html" if is_part else "dashboard/audit.html",
        {
            "table": render_to_string("dashboard/_audit_table.html", table, request),
            "version": version,
            "query": query,
            "choices": query.choices(census),
            "is_part": is_part,
            "chain": chain,
            "public_key": checkpoints.public_key(),
        },
    )
    stamp(response, version, now)
    if is_part and "v" not in request.GET:
        response["HX-Push-Url"] = request.path + query.url().removesuffix("?")
    return response


def url_of_target(slug: str, event: Event) -> str:
    """The page of what it speaks of, "" where that has none."""
    if event.target_noun not in HAVE_PAGES or not event.target_id:
        return ""
    return reverse(f"{event.target_noun}s:detail", args=[slug, event.target_id])


@require(Permission.VIEW)
def detail(request: WorkspaceRequest, sequence: int) -> HttpResponse:
    here = Event.objects.filter(workspace=request.workspace.slug)
    event = here.filter(sequence=sequence).first() if sequence < 2**63 else None
    if event is None:
        raise Http404("There is no such event in this workspace's record.")
    incident = here.filter(incident=event.incident).order_by("sequence")
    context = {
        "event": event,
        "steps": steps(list(incident)),
        "target_url": url_of_target(request.workspace.slug, event),
    }
    return render_page(request, "dashboard/event.html", context)
