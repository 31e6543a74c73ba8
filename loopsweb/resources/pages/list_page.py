"""A list of any noun: from the snapshot, live, filtered by its URL, as CSV when requested."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from django.db.models import Exists, OuterRef, QuerySet
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.visitor import describe_visitor
from loopsweb.accounts.models import Workspace
from loopsweb.batches import split
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.lists.bar import describe_bar, get_views_url, load_views
from loopsweb.resources.lists.kept_counts import find_counts
from loopsweb.resources.lists.preferences import load_preferences
from loopsweb.resources.nouns import Noun, find_noun
from loopsweb.resources.pages.columns import ColumnPaths, build_conditions, find_hidden
from loopsweb.resources.pages.exports import record_export
from loopsweb.resources.pages.freshness import compute_page_version, load_freshness
from loopsweb.resources.pages.freshness_bar import render_freshness_bar
from loopsweb.resources.pages.idleness import add_idle_filter, find_observed_until, observe
from loopsweb.resources.pages.past_list import render_past_list
from loopsweb.resources.pages.starting import mark_starting
from loopsweb.resources.snapshot.models import Costed, Snapshot, SnapshotQuerySet
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.csv_export import csv_response
from loopsweb.ui.facets import Facets
from loopsweb.ui.filters import ListSpec
from loopsweb.ui.listing import ListQuery
from loopsweb.ui.live import answer_if_unchanged
from loopsweb.ui.live_list import render_live_list
from loopsweb.ui.table_cache import cached, cached_html

Row = TypeVar("Row", bound=Snapshot)

HEADINGS = {
    "owner_email": "owner",
    "instance_name": "instance_type",
    "missing_since": "not_in_the_answers_since",
    "omitted_fields": "not_in_the_last_answer",
    "cost_per_hour": "usd_per_hour",
    "cost_of": "usd_of",
    "is_protected": "protected",
}
LINES_AT_ONCE = 500


def csv_columns(paths: str, **headings: str) -> dict[str, str]:
    """{heading: path}: first the `headings`, then the `paths` to attributes of a line, headed by
    the attribute's own name or as the API calls it."""
    names = {path: path.rpartition(".")[2] for path in paths.split()}
    return headings | {HEADINGS.get(n, n.replace("_remote_id", "_id")): p for p, n in names.items()}


def annotate_protected(rows: QuerySet[Row], noun: Noun) -> QuerySet[Row]:
    """Each row with `is_protected`, where rows of the noun can be ended at all."""
    if noun.ending is None:
        return rows
    protections = Protection.objects.filter(
        workspace=OuterRef("workspace"), noun=noun.singular, remote_id=OuterRef("remote_id")
    )
    return cast("QuerySet[Row]", rows.annotate(is_protected=Exists(protections)))


def build_lines(rows: Iterable[Row], build: Callable[[list[Row]], Sequence[Any]]) -> Iterator[Any]:
    """The line of every row, built for LINES_AT_ONCE rows at once."""
    for some in split(rows, LINES_AT_ONCE):
        yield from build(some)


def render_list_page(
    request: WorkspaceRequest,
    model: type[Row],
    spec: ListSpec,
    *,
    columns: Mapping[str, str],
    select: Callable[[Workspace], QuerySet[Row]] | None = None,
    optional: ColumnPaths | None = None,
    lines: Callable[[list[Row]], Sequence[Any]] = list,
    context: Mapping[str, Any] | None = None,
    problem: str = "",
    shows: Collection[str] = (),
) -> HttpResponseBase:
    """columns: of the CSV, {heading: path to an attribute of a line}. select: the rows of a
    workspace, with more than the model has. lines: the rows with all that
    is shown about them, in a fixed number of queries. optional: the columns of the page that are
    hidden while nothing fills them. context: what else the table needs.
    problem: why these filters cannot be combined. shows: the other nouns of which it shows rows.
    """
    noun, can_idle = find_noun(model), issubclass(model, Costed)
    select = select or cast("SnapshotQuerySet[Row]", model._default_manager).in_workspace
    if request.GET.get("at"):
        return render_past_list(request, model, spec)
    record_viewer(request.workspace)
    now, freshness = timezone.now(), load_freshness(request.workspace)
    feed = freshness.of(noun.slug, *shows)
    version = compute_page_version(request.workspace, feed)
    version += f".{now:%H%M}" if can_idle and "idle" in request.GET else ""
    if same := answer_if_unchanged(request, version, feed.as_of, feed.next_poll_at):
        return same
    find_until = functools.cache(functools.partial(find_observed_until, freshness, now=now))
    if can_idle:
        spec = add_idle_filter(spec, find_until=find_until)
    preferences = load_preferences(request.user, noun.slug)
    scope = (request.workspace.pk, version, noun.slug)

    def export(query: ListQuery) -> HttpResponseBase:
        record_export(request, noun, query)
        name = f"{noun.slug}-{request.workspace.slug}"
        rows = annotate_protected(select(request.workspace), noun)
        selected = query.select(rows).iterator(chunk_size=2000)
        shown = build_lines(observe(selected, until=find_until()), lines)
        return csv_response(columns, shown, name=name, as_of=feed.as_of)

    def count_facets() -> Facets:
        rows = select(request.workspace)
        kept = find_counts(request.workspace, model)
        filled = build_conditions(model, optional or {})
        return spec.count_facets(rows, filled=filled, kept=kept)

    @functools.cache
    def load_facets() -> Facets:
        return cached(count_facets, key=scope, of=Facets)

    def render_table(query: ListQuery) -> str:
        facets = load_facets()
        page = query.page(annotate_protected(select(request.workspace), noun), facets)
        mark_starting(page.rows, noun, workspace=request.workspace, feed=feed)
        shown_lines = lines(list(observe(page.rows, until=find_until())))
        shown = {
            "page": page,
            "query": query,
            "noun": noun.name_for(page.found),
            "feed": feed,
            "has_key": page.total > 0 or Key.objects.in_workspace(request.workspace).exists(),
            "vocabulary": noun.vocabulary,
            "lines": shown_lines,
            "hidden": find_hidden(
                optional or {}, facets.filled, shown_lines, query, unwanted=preferences.hidden
            ),
            "views_url": get_views_url(request, noun.slug),
            **(context or {}),
        }
        return render_to_string(f"{noun.slug}/_table.html", shown, request)

    def table(query: ListQuery, _facets: Callable[[], Facets]) -> str:
        key = (*scope, request.role, request.path, query.url(), *preferences.key())
        return cached_html(lambda: render_table(query), key=key)

    visitor, views = describe_visitor(request), load_views(request, noun.slug)
    shown_views = [(view.pk, view.name, view.query, view.person_id) for view in views]
    return render_live_list(
        request,
        spec,
        f"{noun.slug}/list.html",
        version=version,
        as_of=feed.as_of,
        next_poll_at=feed.next_poll_at,
        key=scope,
        facets=load_facets,
        table=table,
        export=export,
        context={
            "has_past": True,
            "bar": SimpleLazyObject(
                lambda: describe_bar(request, noun.slug, optional or (), preferences, views)
            ),
        },
        size=preferences.size,
        problem=problem,
        frame=visitor and (*visitor, *preferences.key(), *shown_views),
        freshness=functools.partial(render_freshness_bar, feed),
    )
