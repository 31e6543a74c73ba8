"""The timeline page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import urlencode

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.dashboard import timeline
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.pages.past_list import NoMoment
from loopsweb.resources.snapshot.viewers import record_viewer
from loopsweb.ui.pages import render_page
from loopsweb.ui.url_text import clean_text, parse_page_number

KEPT = ("span", "from", "to", "order")


@require(Permission.VIEW)
def show_timeline(request: WorkspaceRequest) -> HttpResponse:
    now = timezone.now()
    record_viewer(request.workspace)
    given = {name: clean_text(request.GET.get(name)) for name in KEPT}
    feed = load_freshness(request.workspace).of("deployments", "samplers")
    context: dict[str, Any] = {"given": given, "feed": feed}
    try:
        span, scale = timeline.parse_scale(given, now=now)
    except NoMoment as error:
        context["problem"] = str(error)
        return render_page(
            request, "dashboard/timeline.html", context, status=HTTPStatus.BAD_REQUEST
        )
    order = given["order"] if given["order"] in timeline.ORDERS else "newest"
    counts = timeline.count_lanes(request.workspace, scale)
    pages = max(1, -(-sum(counts) // timeline.LANES))
    number = min(parse_page_number(clean_text(request.GET.get("page"))), pages)
    lanes = timeline.load_lanes(
        request.workspace,
        scale,
        skip=(number - 1) * timeline.LANES,
        order=order,
        counts=counts,
        now=now,
    )
    kept = {name: value for name, value in given.items() if value}
    context |= {
        "span": span,
        "scale": scale,
        "order": order,
        "lanes": lanes,
        "legend": list({s.label: s for lane in lanes for s in lane.band.legend}.values()),
        "count": sum(counts),
        "number": number,
        "pages": pages,
        "previous_url": "?" + urlencode(kept | {"page": number - 1}) if number > 1 else "",
        "next_url": "?" + urlencode(kept | {"page": number + 1}) if number < pages else "",
    }
    return render_page(request, "dashboard/timeline.html", context)
