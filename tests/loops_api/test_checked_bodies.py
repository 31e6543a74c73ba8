"""A body that passed a check is not checked again; any other one is."""

from __future__ import annotations

import pytest

from loopsweb.loops_api import checked_bodies
from loopsweb.loops_api.checked_bodies import CheckedBodies
from loopsweb.loops_api.errors import MalformedResponse
from loopsweb.loops_api.lazy_list import LazyList

LONG = b'{"runs": [' + b'{"id": "a"}, ' * 500 + b'{"id": "b"}]}'


def test_a_known_body_has_the_same_rows_again() -> None:
    rows = [{"id": "a"}] * 500 + [{"id": "b"}]
    assert [list(LazyList(LONG, "runs", dict)) for _ in range(2)] == [rows, rows]


def test_a_body_that_is_complete_under_one_key_is_not_under_another() -> None:
    assert len(LazyList(LONG, "runs", dict)) == 501
    with pytest.raises(MalformedResponse):
        LazyList(LONG, "samplers", dict)


def test_a_body_that_was_cut_is_refused_again_and_again() -> None:
    for _ in range(2):
        with pytest.raises(MalformedResponse):
            LazyList(LONG[:-2], "runs", dict)


def test_the_oldest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_bodies, "MAX_KNOWN", 2)
    known = CheckedBodies()
    for digest in "abc":
        known.add(digest, "runs")
    assert [known.contains(digest, "runs") for digest in "abc"] == [False, True, True]
    assert not known.contains("c", "samplers")
