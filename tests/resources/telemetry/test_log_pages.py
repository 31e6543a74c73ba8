"""Pages hold every line once, whatever the lines and however few fit into an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopsweb.loops_api.undocumented_parsers import parse_log_line
from loopsweb.loops_api.undocumented_types import LogLine
from loopsweb.resources.telemetry import log_pages
from loopsweb.resources.telemetry.log_pages import (
    EPOCH,
    Fetch,
    fetch_from,
    read_page,
    scan_window,
    to_millis,
)
from loopsweb.resources.telemetry.windows import Window

START = EPOCH + timedelta(days=20_000)
WINDOW = Window(START, START + timedelta(milliseconds=20))
# Microseconds after the start: several lines in one millisecond, but fewer than the limit, with
# those at the very beginning of the next one, which an answer that ends with it holds too.
TIMES = st.lists(st.integers(0, 20_000), max_size=30).filter(
    lambda times: all(sum(0 <= t - one // 1000 * 1000 <= 1000 for t in times) < 5 for one in times)
)


@pytest.fixture(autouse=True)
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_pages, "LIMIT", 5)


def build_lines(times: list[int]) -> list[LogLine]:
    return [
        LogLine(at=START + timedelta(microseconds=at), message=f"line {number}")
        for number, at in enumerate(sorted(times))
    ]


def read_back(fetch: Fetch) -> list[LogLine]:
    lines: list[LogLine] = []
    page = read_page(fetch, WINDOW)
    while True:
        lines = [*page.lines, *lines]
        if page.before is None:
            return lines
        page = read_page(fetch, WINDOW, before=page.before)


def read_forth(fetch: Fetch) -> list[LogLine]:
    lines: list[LogLine] = []
    after: int | None = to_millis(WINDOW.start)
    while after is not None:
        page = read_page(fetch, WINDOW, after=after)
        lines += page.lines
        after = page.after
    return lines


@example([91, 385, 448, 680, 1000, 3461])  # the first millisecond is cut off by the limit
@given(TIMES)
def test_pages_have_every_line_once(times: list[int]) -> None:
    lines = build_lines(times)
    fetch = fetch_from(lines)
    assert read_back(fetch) == lines
    assert read_forth(fetch) == lines


@given(TIMES, st.integers(0, 20))
def test_a_page_and_its_newer_one_meet(times: list[int], at: int) -> None:
    lines = build_lines(times)
    fetch, millis = fetch_from(lines), to_millis(START) + at
    page = read_page(fetch, WINDOW, before=millis)
    newer = [] if page.after is None else read_page(fetch, WINDOW, after=page.after).lines
    shown = [*page.lines, *newer]
    first = lines.index(shown[0]) if shown else 0
    assert shown == lines[first : first + len(shown)]
    assert all(to_millis(line.at) <= millis for line in page.lines)


@given(TIMES)
def test_a_scan_has_the_newest_lines(times: list[int]) -> None:
    lines = build_lines(times)
    scan = scan_window(fetch_from(lines), WINDOW)
    assert list(scan.lines) == (lines[-len(scan.lines) :] if scan.lines else [])
    assert (scan.before is None) == (len(scan.lines) == len(lines))


def test_a_scan_ends_when_the_api_is_slow() -> None:
    lines, clock = build_lines([1000 * n for n in range(20)]), iter([0.0, 1.0, 7.0])
    scan = scan_window(fetch_from(lines), WINDOW, clock=lambda: next(clock))
    assert list(scan.lines) == lines[-7:]
    assert scan.before == to_millis(START) + 12


def test_more_lines_in_a_millisecond_than_can_be_asked_for_are_said_to_be_missing() -> None:
    lines = build_lines([1, *[5000] * 8, 9000])
    fetch = fetch_from(lines)
    page = read_page(fetch, WINDOW, before=to_millis(START) + 5)
    assert (len(page.lines), page.is_cut, page.before) == (5, True, to_millis(START) + 4)
    assert read_page(fetch, WINDOW, before=page.before).lines == lines[:1]


def test_long_lines_fill_a_page_sooner() -> None:
    lines = [LogLine(at=START + timedelta(milliseconds=n), message="x" * 99) for n in range(5)]
    page = read_page(fetch_from(lines), WINDOW, most=200)
    assert list(page.lines) == lines[2:]
    assert page.before == to_millis(lines[1].at)


@given(
    st.dictionaries(
        st.sampled_from(["timestamp", "message", "level", "replica", "request_id"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("17" * 9),
    )
    | st.text()
    | st.none()
)
def test_only_lines_with_a_time_and_a_message_are_read(value: object) -> None:
    found = parse_log_line(value)
    if found is not None:
        assert isinstance(value, dict)
        assert found.message == value["message"].replace("\0", "\ufffd")
        nanoseconds = int(value["timestamp"])
        assert found.at == EPOCH + timedelta(microseconds=nanoseconds // 1000)
