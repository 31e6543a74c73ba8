"""A list that keeps itself current: empty 204 while nothing changed, table, pushed URL, CSV."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from loopsweb.ui.facets import Facets
from loopsweb.ui.filters import ListSpec
from loopsweb.ui.listing import PAGE_SIZE, ListQuery, parse_query
from loopsweb.ui.live import answer_if_unchanged, set_live_headers
from loopsweb.ui.page_frame import render_framed
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.table_cache import cached_html


def render_live_list(
    request: HttpRequest,
    spec: ListSpec,
    template: str,
    *,
    version: object,
    as_of: datetime | None,
    next_poll_at: datetime | None = None,
    key: tuple[object, ...],
    facets: Callable[[], Facets],
    table: Callable[[ListQuery, Callable[[], Facets]], str],
    export: Callable[[ListQuery], HttpResponseBase] | None = None,
    context: Mapping[str, Any] | None = None,
    problem: str = "",
    size: int = PAGE_SIZE,
    frame: tuple[object, ...] | None = None,
    freshness: Callable[[], str] | None = None,
) -> HttpResponseBase:
    """`version` changes whenever the page would. key: of all that the choices of the filters follow
    from. `facets` is called at most once, and for whole pages only, `table` makes the HTML of the
    live region, `export` answers a POST. problem: why these filters cannot be combined. size: rows
    of a page. freshness: makes the bar of a page whose frame is kept, under the key `frame`."""
    if same := answer_if_unchanged(request, version, as_of, next_poll_at):
        return same
    query = parse_query(spec, request.GET, size=size)
    refused = bool(problem or query.refusals)
    if export and request.method == "POST" and not refused:
        return export(query)
    is_part = wants_partial(request, "live")
    load = Facets if is_part else functools.cache(facets)

    def render_choices() -> str:
        return render_to_string("ui/choices.html", {"choices": query.choices(load())})

    choices_key = (*key, "choices", query.url())
    status = HTTPStatus.OK
    if problem:
        status = HTTPStatus.BAD_REQUEST
    elif refused:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    shown = {
        "table": render_refusal(request, query, problem) if refused else table(query, load),
        "version": str(version),
        "choices": "" if is_part else cached_html(render_choices, key=choices_key),
    }
    context = {**(context or {}), "query": query, "is_part": is_part}
    if freshness and not is_part:
        shown["freshness_html"] = freshness()
        response = render_framed(
            request, template, lambda: context, holes=shown, key=frame, status=status
        )
    else:
        part = "ui/live.html" if is_part else template
        response = render_page(request, part, {**context, **shown}, status=status)
    set_live_headers(response, version, as_of, next_poll_at)
    if is_part and "v" not in request.GET:
        response["HX-Push-Url"] = request.path + query.url().removesuffix("?")
    return response


def render_refusal(request: HttpRequest, query: ListQuery, problem: str) -> str:
    """The table's place while there is nothing to list."""
    title = "These filters cannot be combined" if problem else "Nothing was searched"
    why = problem or " ".join(query.refusals.values())
    shown = {"title": title, "problem": why, "query": query}
    return render_to_string("ui/filter_conflict.html", shown, request)
