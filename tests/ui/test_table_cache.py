from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.cache import caches
from django.utils.html import format_html
from django.utils.safestring import SafeString

from loopsweb.ui.facets import Facets
from loopsweb.ui.table_cache import cached, cached_html


def counting() -> Iterator[str]:
    yield from ("first", "second")


def test_cached_tables_are_not_rendered_again() -> None:
    made = counting()

    assert [cached(lambda: next(made), key=(1, "a"), of=str) for _ in range(2)] == ["first"] * 2
    assert cached(lambda: next(made), key=(2, "a"), of=str) == "second"


def test_cached_html_stays_html() -> None:
    shown = [cached_html(lambda: format_html("<b>{}</b>", "<"), key=("b",)) for _ in range(2)]

    assert shown == ["<b>&lt;</b>"] * 2
    assert {type(each) for each in shown} == {SafeString}


def test_cached_facets_come_back_whole() -> None:
    facets = Facets(3, {"owner": [("ann@example.com", 2), ("-", 1)]})

    assert [cached(lambda: facets, key=("f",), of=Facets) for _ in range(2)] == [facets] * 2


def test_a_cached_value_of_another_type_is_made_again() -> None:
    cached(lambda: "a table", key=("here",), of=str)

    assert cached(lambda: Facets(1), key=("here",), of=Facets) == Facets(1)


def test_caches_are_separate() -> None:
    for alias in settings.CACHES:
        caches[alias].set("whose", alias)

    kept = {alias: caches[alias].get("whose") for alias in settings.CACHES}

    assert kept == {alias: alias for alias in ("default", "sessions", "tables", "viewers")}
