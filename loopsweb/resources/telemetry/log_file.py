"""A window of logs as a text file: streamed, with a bound, and saying what it lacks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from django.http.response import HttpResponseBase, StreamingHttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request, record_event
from loopsweb.resources.pages.live_calls import NoAnswer
from loopsweb.resources.telemetry.log_pages import LogPage, from_millis, read_page, to_millis
from loopsweb.resources.telemetry.log_source import Logger, Row, ask_about, build_fetch
from loopsweb.resources.telemetry.shown_logs import write_text
from loopsweb.resources.telemetry.windows import Window
from loopsweb.ui.timestamps import format_utc

MAX_LINES = 50_000
NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


def answer_with_file(
    request: WorkspaceRequest, kind: Logger, row: Row, window: Window, level: str, *, now: datetime
) -> HttpResponseBase:
    """The audit event is committed before the API is asked."""
    enforce_rate_limit(request, "export")
    record_event(
        **actor_of_request(request),
        action=f"{kind.noun}.export_logs",
        outcome=Outcome.SUCCEEDED,
        target_noun=kind.noun,
        target_id=row.remote_id,
        answer={**window.fixed, "level": level or "all"},
        now=now,
    )
    times = (f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (window.start, window.end))
    name = "-".join(["logs", NOT_IN_FILE_NAMES.sub("_", row.remote_id), *times])
    return StreamingHttpResponse(
        write_file(request, kind, row, window, level, now=now),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.txt"'},
    )


def write_file(
    request: WorkspaceRequest, kind: Logger, row: Row, window: Window, level: str, *, now: datetime
) -> Iterator[str]:
    span = " to ".join(window.fixed.values())
    yield f"# Logs of {kind.noun} {row.remote_id}, {span}, level {level or 'all'}.\n"
    yield f"# Asked at {format_utc(now)}. Secrets are removed.\n"
    written, after = 0, to_millis(window.start)
    while True:
        try:
            page = read_chunk(request, kind, row, window, level, after)
        except NoAnswer as why:
            yield f"# From {format_utc(from_millis(after))} on, lines are missing: {why}\n"
            return
        yield from write_text(page.lines)
        written += len(page.lines)
        if page.is_cut:
            yield "# Of this millisecond, there are more lines than can be asked for.\n"
        if page.after is None:
            yield f"# End of the window: {written:,} lines.\n"
            return
        after = page.after
        if written >= MAX_LINES:
            rest = format_utc(from_millis(after))
            yield f"# Stopped after {written:,} lines. Download the rest from {rest} on.\n"
            return


def read_chunk(
    request: WorkspaceRequest, kind: Logger, row: Row, window: Window, level: str, after: int
) -> LogPage:
    """Raises NoAnswer. Waits for the API, not for the browser, while others cannot ask."""
    with ask_about(request, row, "logs", method=kind.method, rate="") as client:
        return read_page(build_fetch(client, row, level), window, after=after, most=math.inf)
