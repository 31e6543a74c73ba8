"""The benchmarks run, and say of every figure whether it holds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from pytest_django import Settings

from bench import everything
from bench.document import write_document
from bench.figures import Figure
from bench.frozen_api import run_frozen_api
from bench.plot import BARS, draw_plot
from bench.sizes import TINY

NUMBER = r" +(?:[0-9.,e+]+(?: ms)?|\N{EN DASH})"
LINE = re.compile(rf".+{NUMBER}{NUMBER}{NUMBER} +(?:≤ [0-9.]+|\N{{EN DASH}})  .*(?:ok|missed)")


@pytest.fixture
def requests_in_this_transaction(db: None) -> Iterator[None]:
    """A request to the application leaves the connection open, as with Django's test client."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.mark.usefixtures("requests_in_this_transaction")
def test_every_figure_is_measured_and_written(settings: Settings, tmp_path: Path) -> None:
    settings.ROOT_URLCONF = "bench.urls"
    with run_frozen_api(runs=TINY.polled) as api:
        settings.LOOPSWEB_API_URLS = (api,)
        figures = list(everything.measure(TINY, api=api))
    lines = [figure.format_line() for figure in figures]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    bounds = {figure.name: figure.bound for figure in figures if figure.bound}
    few = f"{TINY.rows:,} rows ÷ {TINY.few_rows:,}"
    assert bounds.items() >= {
        (f"list, 50 of {TINY.runs} runs, warm", 2.0),
        (f"list, 50 of {TINY.runs} runs, cold", 6),
        ("live poll, nothing changed", 1.3),
        ("overview, warm", 2.5),
        ("detail, warm", 4),
        ("append of a chained event", 1.6),
        (f"poll of {TINY.polled} runs, nothing changed", 1.5),
        (f"poll of {TINY.polled} runs, nothing changed: statements", 6),
        (f"poll of {TINY.polled} runs, nothing changed: writing statements", 1),
        (f"runs, sort by idle time: {few}", 1.5),
        (f"samplers, page 500: {few}", 1.5),
    }
    pages = [figure for figure in figures if figure.name.startswith("page: ")]
    assert all(figure.besides.keys() == {"queries", "HTML", "JS"} for figure in pages)
    write_document(tmp_path / "benchmarks.md", {"SQLite": figures})
    rows = (tmp_path / "benchmarks.md").read_text().splitlines()
    assert [row.split(" | ")[0] for row in rows[-len(figures) :]] == [
        f"| {figure.name}" for figure in figures
    ]
    plot = (tmp_path / "images" / "benchmarks-sqlite.svg").read_text()
    assert {element.text for element in find_in_svg(plot, "text")} >= bounds.keys()


def find_in_svg(svg: str, name: str) -> list[ET.Element]:
    return [*ET.fromstring(svg).iter(f"{{http://www.w3.org/2000/svg}}{name}")]  # noqa: S314 (ours)


@pytest.mark.parametrize(
    ("figure", "end"),
    [
        (Figure("a", 0.001, 1.0, 2.0), "0.0005 ok"),
        (Figure("a <b>", 3.0, 1.0, 2.0), "1.5 missed"),
        (Figure("a", 0.25, 1.0, 0.5, is_least=True), "2 missed"),
        (Figure("a", 9999.0, 1.0, 2.0), "5e+03 missed"),
        (Figure("a", math.inf, None, 2.0), "failed"),
    ],
)
def test_a_plot_says_what_it_shows_and_stays_within_its_scale(figure: Figure, end: str) -> None:
    plot = draw_plot([figure, Figure("b", 1.0)], title="t")
    assert [element.text for element in find_in_svg(plot, "text")][-2:] == [figure.name, end]
    bar = find_in_svg(plot, "rect")[-1]
    assert 0 <= float(bar.attrib["width"]) <= BARS


@pytest.mark.parametrize(
    ("figure", "holds"),
    [
        (Figure("a", 2.0, 1.0, 2.0), True),
        (Figure("a", 2.01, 1.0, 2.0), False),
        (Figure("a", 6, None, 6, unit=""), True),
        (Figure("a", 7, None, 6, unit=""), False),
        (Figure("a", 9.0, 1.0), True),
        (Figure("a", math.inf), False),
        (Figure("a", 1.0, 2.0, 0.5, is_least=True), True),
        (Figure("a", 0.9, 2.0, 0.5, is_least=True), False),
        (Figure("a", 9.0, 1.0, besides={"HTML": (50.1, 50, "kB")}), False),
    ],
)
def test_a_figure_beyond_a_bound_has_missed(figure: Figure, *, holds: bool) -> None:
    assert figure.holds is holds
    assert figure.format_line().endswith(" ok" if holds else " missed")
