"""A list of any noun: from the snapshot, live, filtered by its URL, as CSV when requested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.db.models import Exists, OuterRef, QuerySet
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone

from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request, record_event
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.nouns import Noun, find_noun
from loopsweb.resources.pages.freshness import compute_page_version, load_freshness
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.csv_export import csv_response
from loopsweb.ui.filters import Facets, ListSpec
from loopsweb.ui.listing import ListQuery
from loopsweb.ui.live_list import render_live_list
from loopsweb.ui.table_cache import cached

Row = TypeVar("Row", bound=Snapshot)

HEADINGS = {
    "owner_email": "owner",
    "instance_name": "instance_type",
    "missing_since": "not_in_the_answers_since",
}


def csv_columns(names: str, **headings: str) -> dict[str, str]:
    """{heading: attribute}: first the `headings`, then the attributes that `names` lists, headed by
    their own name or as the API calls them."""
    return headings | {HEADINGS.get(n, n.replace("_remote_id", "_id")): n for n in names.split()}


def record_export(request: WorkspaceRequest, noun: Noun, query: ListQuery) -> None:
    """Committed before the first row leaves."""
    record_event(
        **actor_of_request(request),
        action="list.export",
        outcome=Outcome.SUCCEEDED,
        target_noun=noun.singular,
        target_name=f"{noun.slug} as CSV",
        reason=query.csv_url,
        now=timezone.now(),
    )


def annotate_protected(rows: QuerySet[Row], noun: Noun) -> QuerySet[Row]:
    """Each row with `is_protected`, where rows of the noun can be ended at all."""
    if noun.ending is None:
        return rows
    protections = Protection.objects.filter(
        workspace=OuterRef("workspace"), noun=noun.singular, remote_id=OuterRef("remote_id")
    )
    return cast("QuerySet[Row]", rows.annotate(is_protected=Exists(protections)))


def render_list_page(
    request: WorkspaceRequest,
    rows: QuerySet[Row],
    spec: ListSpec,
    *,
    columns: Mapping[str, str],
    table_context: Callable[[list[Row]], dict[str, Any]] = lambda _rows: {},
    problem: str = "",
) -> HttpResponseBase:
    """columns: of the CSV, {heading: attribute}. table_context: what else the table shows about the
    rows of its page, in a fixed number of queries. problem: why these filters cannot be combined.
    """
    noun = find_noun(rows.model)
    record_viewer(request.workspace)
    feed = load_freshness(request.workspace).of(noun.slug)
    version = compute_page_version(request.workspace, feed)
    scope = (request.workspace.pk, version, noun.slug, str(rows.query))

    def export(query: ListQuery) -> HttpResponseBase:
        if Permission.EXPORT not in request.permissions:
            raise denials.record_denial(request, Permission.EXPORT, noun=noun.singular)
        record_export(request, noun, query)
        name = f"{noun.slug}-{request.workspace.slug}"
        selected = query.select(rows).iterator(chunk_size=2000)
        return csv_response(columns, selected, name=name, as_of=feed.as_of)

    def render_table(query: ListQuery, facets: Facets) -> str:
        page = query.page(annotate_protected(rows, noun), facets)
        shown = {
            "page": page,
            "query": query,
            "noun": noun.name_for(page.found),
            "feed": feed,
            "has_key": page.total > 0 or Key.objects.in_workspace(request.workspace).exists(),
            "vocabulary": noun.vocabulary,
            **table_context(page.rows),
        }
        return render_to_string(f"{noun.slug}/_table.html", shown, request)

    def table(query: ListQuery, facets: Facets) -> str:
        if problem:
            shown = {"problem": problem, "query": query}
            return render_to_string("ui/filter_conflict.html", shown, request)
        key = (*scope, request.role, request.path, query.url())
        return cached(lambda: render_table(query, facets), key=key)

    return render_live_list(
        request,
        spec,
        f"{noun.slug}/list.html",
        version=version,
        as_of=feed.as_of,
        next_poll_at=feed.next_poll_at,
        facets=lambda: cached(lambda: spec.count_facets(rows), key=scope),
        table=table,
        export=None if problem else export,
        context={"feed": feed},
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
    )
