"""A page of a workspace that keeps itself current, and is rendered once for what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.visitor import describe_visitor
from loopsweb.audit.models import Chain
from loopsweb.prepared_queries import Parameter, PlannedQuery
from loopsweb.resources.pages.freshness import FeedFreshness
from loopsweb.resources.pages.freshness_bar import render_freshness_bar
from loopsweb.ui.live import set_live_headers
from loopsweb.ui.page_frame import render_framed
from loopsweb.ui.pages import render_page, wants_partial


@PlannedQuery
def select_head() -> QuerySet[Chain, tuple[object, ...]]:
    return Chain.objects.filter(workspace=Parameter("workspace")).values_list("sequence")


def render_live_page(
    request: WorkspaceRequest,
    template: str,
    build_context: Callable[[], dict[str, Any]],
    *,
    version: str,
    feed: FeedFreshness,
    also: tuple[object, ...] = (),
) -> HttpResponse:
    """build_context: called only where the page is not kept: for another version, after another
    audit event, for another person. version: changes whenever the page would, time included. also:
    what else the page depends on."""

    def build() -> dict[str, Any]:
        return {**build_context(), "version": version, "feed": feed, "is_part": is_part}

    is_part = wants_partial(request, "live")
    if is_part:
        response = render_page(request, template, build(), partial="live")
    else:
        head = select_head.fetch(workspace=request.workspace.slug)
        visitor = describe_visitor(request)
        response = render_framed(
            request,
            template,
            build,
            holes={"freshness_html": render_freshness_bar(feed)},
            key=visitor and (*visitor, version, *head, *also),
        )
    set_live_headers(response, version, feed.as_of, feed.next_poll_at)
    return response
