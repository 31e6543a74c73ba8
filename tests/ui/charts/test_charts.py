from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.ui.charts.bands import WIDTHS, Mark, Span, draw_band
from loopsweb.ui.charts.bars import Bar, draw_bars
from loopsweb.ui.charts.lines import MOST_OVERLAID, ROW, ROW_GAP, Line, Point, draw_lines
from loopsweb.ui.charts.scales import TimeScale

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = TimeScale(NOON, NOON + 10 * HOUR)
values = st.one_of(st.none(), st.floats(0, 1000))
MARKUP = '<b title="&">'


def points(*values: float | None) -> list[Point]:
    return [(NOON + number * HOUR, value) for number, value in enumerate(values)]


def paths(line: Line) -> list[str]:
    chart = draw_lines(
        [line], name="x", title="", description="", scale=DAY, show=str, height=100, highest=10
    )
    return [path.d for path in chart.paths]


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    assert paths(Line("a", points(0, 5, None, 10, None, 2, 4))) == [
        "M0 100L100 50",
        "M300 0h0",
        "M500 80L600 60",
    ]


def test_a_step_holds_until_the_next_point() -> None:
    line = Line("a", points(0, 5, None, 10, 10), is_step=True)
    assert paths(line) == ["M0 100H100V50H200V50", "M300 0H400V0"]


def test_points_far_apart_are_not_joined() -> None:
    far = [(NOON, 5.0), (NOON + HOUR, 5.0), (NOON + 5 * HOUR, 5.0)]
    assert paths(Line("a", far, longest_gap=2 * HOUR)) == ["M0 50L100 50", "M500 50h0"]


@pytest.mark.parametrize("count", [1, MOST_OVERLAID, MOST_OVERLAID + 1, 8, 16])
def test_more_lines_than_can_be_told_apart_have_a_row_each(count: int) -> None:
    lines = [Line(f"node-of-a-cluster-{n}", points(0, 10, 5)) for n in range(count)]
    chart = draw_lines(
        lines, name="x", title="", description="", scale=DAY, show=str, height=100, highest=10
    )
    starts = [int(path.d.removeprefix("M0 ").partition("L")[0]) for path in chart.paths]
    highs = [int(path.d.rpartition("L")[0].rpartition(" ")[2]) for path in chart.paths]
    if count <= MOST_OVERLAID:
        assert (starts, highs) == ([100] * count, [0] * count)
        assert [path.number for path in chart.paths] == list(range(1, count + 1))
        assert (len(chart.names), chart.row_high) == (count if count > 1 else 0, "")
        return
    bottoms = [ROW * (n + 1) for n in range(count)]
    assert (starts, highs) == (bottoms, [each - ROW + ROW_GAP for each in bottoms])
    assert [(tick.at, tick.label) for tick in chart.value_ticks] == [
        (bottom, f"node…{f'ter-{n}'[-5:]}") for n, bottom in enumerate(bottoms)
    ]
    assert (chart.names, chart.height, chart.row_high) == ([], ROW * count, "10.0")


@given(st.lists(values, max_size=11), st.booleans())
def test_every_known_value_is_drawn_once_and_no_other(
    given_values: list[float | None], is_step: bool
) -> None:
    line = Line("a", points(*given_values), is_step=is_step)
    starts = [one for piece in line.pieces() for one in piece]
    known = [(time, value) for time, value in line.points if value is not None]
    assert [one for one in starts if one in known] == known
    assert len(starts) - len(known) <= (given_values.count(None) if is_step else 0)


def test_spans_are_cut_at_the_edges_and_ticks_close_together_are_one() -> None:
    spans = [
        Span(NOON - HOUR, NOON + HOUR, "CREATED", "busy"),
        Span(NOON + HOUR, NOON + 6 * HOUR, "RUNNING", "good"),
        Span(NOON + 6 * HOUR, NOON + 20 * HOUR, "STOPPED", "ended"),
        Span(NOON + 20 * HOUR, NOON + 21 * HOUR, "late", "ended"),
    ]
    second = timedelta(seconds=1)
    moments = [NOON + HOUR, NOON + HOUR + second, NOON + 2 * HOUR, NOON - HOUR]
    marks = [Mark(at, "step") for at in moments]
    band = draw_band(spans, name="x", title="", scale=DAY, marks=marks)
    assert [(one.x, one.width) for one in band.spans] == [(0, 10), (10, 50), (60, 40)]
    assert [(one.x, one.number) for one in band.marks] == [(10, 2), (20, 1)]
    assert band.description == "RUNNING 50%, STOPPED 40%, CREATED 10%."
    assert [one.label for one in band.legend] == ["CREATED", "RUNNING", "STOPPED"]


def test_a_label_shows_only_where_all_of_it_has_room() -> None:
    """Of pictures as wide as `labelled_from`: a letter takes 8 pixels at most."""
    lengths = [(1, "RUNNING"), (2, "RUNNING"), (4, "SCALED_TO_ZERO"), (3, "not there yet")]
    spans, start = [], NOON
    for hours, label in lengths:
        end = start + hours * HOUR
        spans.append(Span(start, end, label, "none" if label == "not there yet" else "good"))
        start = end
    band = draw_band(spans, name="x", title="", scale=DAY)
    assert [one.labelled_from for one in band.spans] == [800, 480, 320, None]
    assert (
        draw_band(spans[:1], name="x", title="", scale=TimeScale(NOON, NOON + 40 * HOUR))
        .spans[0]
        .labelled_from
        is None
    )
    html = render_to_string("ui/charts/band.html", {"chart": band})
    assert re.findall(r'class="from-(\d+)"', html) == ["800", "480", "320"]
    css = Path("static/css/charts.css").read_text()
    assert [int(n) for n in re.findall(r"\.from-(\d+)", css)] == [*WIDTHS]
    assert [int(n) for n in re.findall(r"@container \(min-width: (\d+)px", css)] == [*WIDTHS]


def test_bars_of_zero_are_seen_and_unknown_ones_are_hollow() -> None:
    bars = [Bar(NOON, 10, "a"), Bar(NOON + HOUR, 0, "b"), Bar(NOON + 2 * HOUR, None, "c")]
    chart = draw_bars(bars, name="x", title="", description="", scale=DAY, show=str, height=100)
    assert [(one.x, one.y, one.height) for one in chart.bars] == [
        (0, 0, 100),
        (10, 98, 2),
        (20, 0, 100),
    ]
    html = render_to_string("ui/charts/bars.html", {"chart": chart})
    assert "<title>c: unknown</title>" in html


def test_every_picture_has_a_name_a_table_and_no_inline_style() -> None:
    line = Line(MARKUP, points(1, None, 3))
    lines = draw_lines(
        [line, line], name="l", title=MARKUP, description=MARKUP, scale=DAY, show=str
    )
    band = draw_band(
        [Span(NOON, NOON + HOUR, MARKUP, "good", note=MARKUP)],
        name="b",
        title=MARKUP,
        scale=DAY,
        marks=[Mark(NOON, MARKUP, "act", url="/?a=1&b=2")],
    )
    for template, chart in (("line", lines), ("band", band)):
        html = render_to_string(f"ui/charts/{template}.html", {"chart": chart})
        assert 'role="img" aria-labelledby="' in html
        assert "<table>" in html
        assert MARKUP not in html
        assert "style=" not in html
