"""Which lines a page of logs shows, and where the pages before and after it begin.

The API answers with the first or last thousand lines of a window. A page ends between two
milliseconds, the API's unit, so that no line is left out or shown twice.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from loopsweb.loops_api.undocumented_types import LogLine
from loopsweb.resources.telemetry.log_text import MAX_SHOWN
from loopsweb.resources.telemetry.windows import Window

LIMIT = 1000  # the API's
MAX_CHARACTERS = 160_000
MAX_CALLS = 10
SEARCH_SECONDS = 6.0
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Direction = Literal["asc", "desc"]
Fetch = Callable[[datetime, datetime, Direction], Sequence[LogLine]]


@dataclass(frozen=True)
class LogPage:
    """lines: in order of time. before: the older page ends with this millisecond since 1970;
    after: the newer one begins with it. None: nothing more in the window, as far as is known.

    is_cut: there are more lines in one millisecond than can be asked for.
    """

    lines: Sequence[LogLine]
    before: int | None = None
    after: int | None = None
    is_cut: bool = False


def to_millis(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def from_millis(millis: int) -> datetime:
    return EPOCH + millis * MILLISECOND


def read_page(
    fetch: Fetch,
    window: Window,
    *,
    before: int | None = None,
    after: int | None = None,
    most: float = MAX_CHARACTERS,
) -> LogPage:
    """The lines that end with the millisecond `before` or begin with `after`, else the newest.

    most: characters in all.
    """
    first, last = to_millis(window.start), to_millis(window.end)
    if after is not None:
        after = min(max(after, first), last)
        found = fetch(from_millis(after), window.end, "asc")
        lines = sort_lines(line for line in found if to_millis(line.at) >= after)
        taken, rest, is_cut = take(lines, step=1, is_full=len(found) >= LIMIT, most=most)
        rest = None if rest is not None and rest > last else rest
        return LogPage(taken, after - 1 if after > first else None, rest, is_cut)
    newest = last if before is None else min(max(before, first), last)
    found = fetch(window.start, min(window.end, from_millis(newest + 1)), "desc")
    if len(found) >= LIMIT and to_millis(found[-1].at) > newest:
        found = fetch(window.start, from_millis(newest), "desc")
    lines = sort_lines(line for line in reversed(found) if to_millis(line.at) <= newest)
    taken, rest, is_cut = take(lines[::-1], step=-1, is_full=len(found) >= LIMIT, most=most)
    rest = None if rest is not None and rest < first else rest
    return LogPage(taken[::-1], rest, newest + 1 if newest < last else None, is_cut)


def sort_lines(lines: Iterable[LogLine]) -> list[LogLine]:
    return sorted(lines, key=lambda line: line.at)


def take(
    lines: Sequence[LogLine], *, step: int, is_full: bool, most: float
) -> tuple[Sequence[LogLine], int | None, bool]:
    """(the lines that one page holds, the millisecond at which the next one begins, is_cut).

    step: from this page towards the next one. is_full: there may be more lines than these.
    """
    if not lines:
        return lines, None, is_full
    length = count = 0
    while count < min(len(lines), LIMIT) and length <= most:
        length += min(len(lines[count].message), MAX_SHOWN)
        count += 1
    if count == len(lines) and not is_full:
        return lines, None, False
    cut = to_millis(lines[min(count, len(lines) - 1)].at)
    kept = [line for line in lines[:count] if to_millis(line.at) != cut]
    return (kept, cut, False) if kept else (lines[:count], cut + step, True)


def scan_window(
    fetch: Fetch, window: Window, *, clock: Callable[[], float] = time.monotonic
) -> LogPage:
    """The newest lines of the window, in as many calls as are allowed for one search."""
    lines: list[LogLine] = []
    until, page = clock() + SEARCH_SECONDS, LogPage(())
    for number in range(MAX_CALLS):
        if number and (page.before is None or clock() > until):
            break
        page = read_page(fetch, window, before=page.before, most=math.inf)
        lines = [*page.lines, *lines]
    return LogPage(lines, before=page.before, is_cut=page.is_cut)


def fetch_from(lines: Sequence[LogLine]) -> Fetch:
    """Answers as the API does, from lines in order of time."""

    def fetch(start: datetime, end: datetime, direction: Direction) -> Sequence[LogLine]:
        low = bisect_left(lines, start, key=lambda line: line.at)
        high = bisect_right(lines, end, key=lambda line: line.at)
        if direction == "asc":
            return lines[low : min(high, low + LIMIT)]
        return lines[max(low, high - LIMIT) : high][::-1]

    return fetch
