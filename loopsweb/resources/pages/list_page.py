"""A list of any noun: from the snapshot, live, filtered by its URL, as CSV when asked."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone

from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor, record
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.snapshot.freshness import FeedFreshness, freshness
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.viewers import looked_at
from loopsweb.resources.templatetags.freshness import state
from loopsweb.ui.csv_export import csv_answer
from loopsweb.ui.filters import Census, Filter, Spec
from loopsweb.ui.listing import Query, read
from loopsweb.ui.live import stamp, unchanged
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.table_cache import remembered

Row = TypeVar("Row", bound=Snapshot)
ENDED_BY_HAND = ("runs", "samplers", "deployments")

SEEN = Filter(
    "seen",
    "Last answer",
    conditions={
        "yes": ("In the last answer", Q(missing_since=None)),
        "no": ("Not in the last answer", Q(missing_since__isnull=False)),
    },
)


def version_of(request: WorkspaceRequest, feed: FeedFreshness) -> str:
    """Changes whenever the page would: with the snapshot, and with how reading it goes."""
    reading = repr((state(feed), feed.as_of is None, feed.failing_since, feed.error))
    return f"{request.workspace.version}.{zlib.crc32(reading.encode()):x}"


def told_of_export(request: WorkspaceRequest, noun: str, query: Query) -> None:
    """Committed before the first row leaves."""
    record(
        **actor(request),
        action="list.export",
        outcome=Outcome.SUCCEEDED,
        target_noun=noun.removesuffix("s"),
        target_name=f"{noun} as CSV",
        reason=query.csv_url,
        now=timezone.now(),
    )


def marked(rows: QuerySet[Row], noun: str) -> QuerySet[Row]:
    """Each row with `is_protected`: it is not to be ended by one person alone."""
    if noun not in ENDED_BY_HAND:
        return rows
    marks = Protection.objects.filter(
        workspace=OuterRef("workspace"),
        noun=noun.removesuffix("s"),
        remote_id=OuterRef("remote_id"),
    )
    return cast("QuerySet[Row]", rows.annotate(is_protected=Exists(marks)))


def list_page(
    request: WorkspaceRequest,
    noun: str,
    rows: QuerySet[Row],
    spec: Spec,
    *,
    columns: Mapping[str, str],
    beside: Callable[[list[Row]], dict[str, Any]] = lambda _rows: {},
    context: Mapping[str, Any] | None = None,
    problem: str = "",
) -> HttpResponseBase:
    """columns: of the CSV, {heading: attribute}. beside: what else the table shows about its rows,
    in a fixed number of queries. problem: why the URL's filters cannot be, for status 400."""
    looked_at(request.workspace)
    feed = freshness(request.workspace).of(noun)
    version = version_of(request, feed)
    if same := unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    query = read(spec, request.GET)
    if request.GET.get("format") == "csv" and not problem:
        if Permission.EXPORT not in request.permissions:
            raise denials.refuse(request, Permission.EXPORT)
        told_of_export(request, noun, query)
        name = f"{noun}-{request.workspace.slug}"
        selected = query.select(rows).iterator(chunk_size=2000)
        return csv_answer(columns, selected, name=name, as_of=feed.as_of)

    scope = (request.workspace.pk, version, noun, str(rows.query))
    is_part = wants_partial(request, "live")
    census = Census() if is_part else remembered(lambda: spec.census(rows), within=scope)

    def table() -> str:
        page = query.page(marked(rows, noun), census)
        shown = {
            "page": page,
            "query": query,
            "noun": noun,
            "feed": feed,
            "has_key": page.total > 0 or Key.objects.in_workspace(request.workspace).exists(),
            **(context or {}),
            **beside(page.rows),
        }
        return render_to_string(f"{noun}/_table.html", shown, request)

    if problem:
        html: str = render_to_string(
            "ui/problem.html", {"problem": problem, "query": query}, request
        )
    else:
        html = remembered(table, within=(*scope, request.role, request.path, query.url()))
    response = render_page(
        request,
        "ui/live.html" if is_part else f"{noun}/list.html",
        {
            **(context or {}),
            "noun": noun,
            "table": html,
            "feed": feed,
            "version": version,
            "query": query,
            "choices": query.choices(census),
            "is_part": is_part,
        },
        status=400 if problem else 200,
    )
    stamp(response, version, feed.as_of, feed.next_poll_at)
    if is_part and "v" not in request.GET:
        response["HX-Push-Url"] = request.path + query.url().removesuffix("?")
    return response
