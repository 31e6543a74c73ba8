"""A page of logs as it is shown: its lines, its hits, and the ways on from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from loopsweb.loops_api.undocumented_types import LogLine
from loopsweb.resources.telemetry.log_pages import (
    Fetch,
    LogPage,
    fetch_from,
    from_millis,
    read_page,
    scan_window,
    to_millis,
)
from loopsweb.resources.telemetry.log_query import LogQuery
from loopsweb.resources.telemetry.log_text import (
    MAX_SHOWN,
    clean_message,
    compile_search,
    split_at_hits,
)
from loopsweb.resources.telemetry.windows import Window
from loopsweb.ui.clock import get_zone

LINES_AFTER_A_HIT = 200
OVERLAP = 10_000  # milliseconds in which lines may still arrive late
TONES = {
    "DEBUG": "debug",
    "WARNING": "warn",
    "WARN": "warn",
    "ERROR": "bad",
    "CRITICAL": "bad",
    "FATAL": "bad",
}
MAX_LEVEL = 12


@dataclass(frozen=True)
class ShownLine:
    """pieces: of the message, each with whether it is a hit. rest: characters not shown.
    hit: its number, from 1, or 0. millis: its time since 1970."""

    time: str
    millis: int
    level: str
    tone: str
    replica: str
    request_id: str
    pieces: list[tuple[str, bool]]
    rest: int = 0
    hit: int = 0


@dataclass(frozen=True, kw_only=True)
class ShownLogs:
    """searched_from: what is older was not searched. hits: in all that was searched."""

    query: LogQuery
    lines: list[ShownLine]
    page: LogPage
    hits: int = 0
    hit: int = 0
    searched: int = 0
    searched_from: datetime | None = None

    @property
    def oldest_at(self) -> datetime:
        return self.page.lines[0].at

    @property
    def newest_at(self) -> datetime:
        return self.page.lines[-1].at

    @property
    def since(self) -> int | None:
        """From when on a page that follows the newest lines asks again. None: it does not."""
        if not self.query.is_newest or self.query.q:
            return None
        start = to_millis(self.query.window.start)
        return max(self.lines[-1].millis - OVERLAP, start) if self.lines else start

    @property
    def older_url(self) -> str:
        before = self.page.before
        return "" if before is None else self.query.here.url(before=before)

    @property
    def newer_url(self) -> str:
        after = self.page.after
        return "" if after is None else self.query.here.url(after=after)

    @property
    def previous_hit_url(self) -> str:
        return self.query.here.url(hit=(self.hit - 2) % self.hits + 1) + "#hit"

    @property
    def next_hit_url(self) -> str:
        return self.query.here.url(hit=self.hit % self.hits + 1) + "#hit"

    @property
    def search_on_url(self) -> str:
        """The same search in what is older than what was searched."""
        if self.searched_from is None:
            return ""
        window = self.query.window
        older = Window(window.start, self.searched_from)
        return replace(self.query, window=older).url(hit=0)


def show_page(fetch: Fetch, query: LogQuery) -> ShownLogs:
    """Without a search: one call."""
    page = read_page(fetch, query.window, before=query.before, after=query.after)
    return ShownLogs(query=query, lines=[show_line(line) for line in page.lines], page=page)


def show_search(fetch: Fetch, query: LogQuery) -> ShownLogs:
    """The page with the hit that the query names, or at the place that it names."""
    scan, search = scan_window(fetch, query.window), compile_search(query.q)
    hits = [line for line in scan.lines if is_hit(line, search)]
    numbers = {id(line): number for number, line in enumerate(hits, 1)}
    hit = min(query.hit, len(hits)) or len(hits)
    shown = hits if query.hits_only else scan.lines
    window = query.window
    if scan.before is not None:
        window = Window(from_millis(scan.before + 1), window.end)
    if query.before is None and query.after is None and hit:
        page = find_page_of(hits[hit - 1], shown, window)
    else:
        page = read_page(fetch_from(shown), window, before=query.before, after=query.after)
    return ShownLogs(
        query=query,
        lines=[show_line(line, search, numbers.get(id(line), 0)) for line in page.lines],
        page=page,
        hits=len(hits),
        hit=hit,
        searched=len(scan.lines),
        searched_from=None if scan.before is None else window.start,
    )


def find_page_of(hit: LogLine, lines: Sequence[LogLine], window: Window) -> LogPage:
    """A page with this line, and if there is room some lines after it."""
    place = next(number for number, line in enumerate(lines) if line is hit)
    rest = lines[place + LINES_AFTER_A_HIT :]
    page = read_page(fetch_from(lines), window, before=to_millis(rest[0].at) if rest else None)
    if any(line is hit for line in page.lines):
        return page
    return read_page(fetch_from(lines), window, before=to_millis(hit.at))


def is_hit(line: LogLine, search: re.Pattern[str]) -> bool:
    """What was removed from a line as a secret cannot be found."""
    texts = (line.message, line.replica or "", line.request_id or "")
    return any(search.search(one) and search.search(clean_message(one)) for one in texts)


def show_line(line: LogLine, search: re.Pattern[str] | None = None, hit: int = 0) -> ShownLine:
    message = clean_message(line.message)
    level = clean_message(line.level or "")[:MAX_LEVEL]
    return ShownLine(
        time=format_time(line.at, get_zone()),
        millis=to_millis(line.at),
        level=level,
        tone=TONES.get(level.upper(), ""),
        replica=clean_message(line.replica or ""),
        request_id=clean_message(line.request_id or ""),
        pieces=split_at_hits(message[:MAX_SHOWN], search if hit else None),
        rest=max(len(message) - MAX_SHOWN, 0),
        hit=hit,
    )


def format_time(at: datetime, zone: tzinfo) -> str:
    """With milliseconds, as a time element may hold it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def write_text(lines: Sequence[LogLine]) -> Iterator[str]:
    """Lines of a text file, with secrets removed. What follows the first line of a message is set
    in, so that it is not taken for another message."""
    for line in lines:
        who = " ".join(clean_message(one) for one in (line.replica, line.request_id) if one)
        level = clean_message(line.level or "-")
        text = f"{level} [{who}] {clean_message(line.message)}".replace("\n", "\n  ")
        yield f"{format_time(line.at, UTC)}Z {text}\n"
