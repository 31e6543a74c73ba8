"""The logs of a deployment or sampler: a page at once, its lines when the API has answered."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.nouns import find_noun
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.live_calls import NoAnswer
from loopsweb.resources.telemetry.log_file import answer_with_file
from loopsweb.resources.telemetry.log_pages import from_millis, read_page, to_millis
from loopsweb.resources.telemetry.log_query import LEVELS, LogQuery, parse_log_query, parse_millis
from loopsweb.resources.telemetry.log_source import Logger, Row, ask_about, build_fetch
from loopsweb.resources.telemetry.shown_logs import (
    OVERLAP,
    ShownLogs,
    show_line,
    show_page,
    show_search,
)
from loopsweb.resources.telemetry.windows import LONGEST, Window, show_typed
from loopsweb.ui.pages import render_answer, render_page, wants_partial

SINCE = "Loopsweb-Log-Since"
TAIL_SECONDS = 5


@require(Permission.VIEW_LOGS)
def show_logs(request: WorkspaceRequest, kind: Logger, remote_id: str) -> HttpResponseBase:
    """POST downloads the window as text. `load=now` waits for the API, as without JavaScript."""
    row, now = get_row_or_404(request, kind.model, remote_id), timezone.now()
    query = parse_log_query(request.GET, now=now)
    context: dict[str, Any] = {
        "row": row,
        "noun": find_noun(kind.model),
        "logs_url": request.path,
        "query": query,
        "typed": show_typed(
            query.window, request.GET, "from", "to", "at", is_valid=not query.errors
        ),
        "levels": LEVELS,
        "asked_at": now,
        "tail_seconds": TAIL_SECONDS,
    }
    status = HTTPStatus.OK
    if query.errors:
        status = HTTPStatus.BAD_REQUEST
    elif request.method == "POST":
        return answer_with_file(request, kind, row, query.window, query.level, now=now)
    elif wants_partial(request, "tail"):
        return answer_tail(request, kind, row, query, now=now)
    elif wants_partial(request, "lines") or request.GET.get("load") == "now":
        try:
            context["shown"] = load_lines(request, kind, row, query)
        except NoAnswer as why:
            context["why"], status = str(why), why.status
    return render_answer(request, "telemetry/logs.html", context, partial="lines", status=status)


def load_lines(request: WorkspaceRequest, kind: Logger, row: Row, query: LogQuery) -> ShownLogs:
    """Raises NoAnswer."""
    rate, show = ("search_logs", show_search) if query.q else ("ask_api", show_page)
    with ask_about(request, row, "logs", method=kind.method, rate=rate) as client:
        return show(build_fetch(client, row, query.level), query)


def answer_tail(
    request: WorkspaceRequest, kind: Logger, row: Row, query: LogQuery, *, now: datetime
) -> HttpResponse:
    """The lines from the millisecond `since` as list items. A header says from when on to ask
    the next time: lines arrive late, so the newest are asked for again and replaced."""
    earliest, latest = to_millis(now - LONGEST), to_millis(now)
    since = min(max(parse_millis(request.GET.get("since", "")) or latest, earliest), latest)
    window = Window(from_millis(since), now)
    try:
        with ask_about(request, row, "logs", method=kind.method) as client:
            page = read_page(build_fetch(client, row, query.level), window, after=since)
    except NoAnswer as why:
        status = HTTPStatus.NOT_FOUND if why.status == HTTPStatus.OK else why.status
        return HttpResponse(str(why), status=status, content_type="text/plain; charset=utf-8")
    lines = [show_line(line) for line in page.lines]
    answer = render_page(request, "telemetry/_lines.html", {"lines": lines})
    newest = lines[-1].millis if lines else since
    answer[SINCE] = str(page.after or max(since, newest - OVERLAP))
    return answer
