"""Paging by cursor neither repeats nor skips, whatever happens between two pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.audit.record import record_event
from loopsweb.resources.models import Run
from tests.json_api.conftest import Ask
from tests.resources.rows import FIRST_SEEN_AT, MODELS, add_row

EARLIER = FIRST_SEEN_AT - timedelta(days=1)


def read_pages(ask: Ask, path: str, **params: Any) -> Iterator[list[Any]]:
    before: dict[str, str] = {}
    while True:
        answer: Any = ask(path, **params, **before)
        yield [item.get("id") or item["sequence"] for item in answer.json()["items"]]
        if answer.json()["next_before"] is None:
            return
        before = {"before": answer.json()["next_before"]}


@pytest.mark.parametrize("noun", MODELS)
def test_a_list_is_read_whole_in_its_order(noun: str, ask: Ask, acme: Workspace) -> None:
    """Also items of one time, and those without a time, which come last."""
    for n, minute in enumerate([0, 5, 5, 5, None, None, 9]):
        time = None if minute is None else FIRST_SEEN_AT + timedelta(minutes=minute, microseconds=7)
        if noun == "sessions":
            add_row(MODELS[noun], acme, f"r{n}", first_seen_at=time or EARLIER)
        else:
            add_row(MODELS[noun], acme, f"r{n}", created_at=time)
    pages = list(read_pages(ask, f"w/acme/{noun}/", page_size=2))
    assert pages == [["r6", "r3"], ["r2", "r1"], ["r0", "r5"], ["r4"]]


def test_new_and_ended_runs_neither_repeat_nor_skip_any(ask: Ask, acme: Workspace) -> None:
    def add(n: int) -> None:
        created_at = FIRST_SEEN_AT + timedelta(minutes=n)
        add_row(Run, acme, f"r{n}", status="ACTIVE", created_at=created_at)

    for n in range(6):
        add(n)
    pages = read_pages(ask, "w/acme/runs/", status="ACTIVE", page_size=2)
    assert next(pages) == ["r5", "r4"]
    Run.objects.filter(remote_id="r5").update(status="INACTIVE")
    assert next(pages) == ["r3", "r2"]
    add(6)
    assert next(pages) == ["r1", "r0"]
    assert list(pages) == []


def test_new_events_neither_repeat_nor_skip_any(ask: Ask, acme: Workspace, now: datetime) -> None:
    def record() -> None:
        record_event(workspace="acme", action="x.y", outcome="observed", now=now)

    for _ in range(5):
        record()
    pages = read_pages(ask, "w/acme/audit/", action="x.y", page_size=2)
    first = next(pages)
    record()
    rest = list(pages)
    numbers = [*first, *rest[0], *rest[1]]
    assert numbers == list(range(numbers[0], numbers[0] - 5, -1))


def test_a_page_can_be_counted_from_a_cursor(ask: Ask, acme: Workspace) -> None:
    for n in range(6):
        add_row(Run, acme, f"r{n}", created_at=FIRST_SEEN_AT)
    first: Any = ask("w/acme/runs/", page_size=1)
    before = first.json()["next_before"]
    second: Any = ask("w/acme/runs/", page_size=2, before=before, page=2)
    assert [item["id"] for item in second.json()["items"]] == ["r2", "r1"]
    assert [second.json()[name] for name in ("total", "page", "pages")] == [6, 2, 3]


@pytest.mark.parametrize(
    "before",
    ["", "x", "1.1", "runs.", "runs..", "runs.1.", "runs.-.1", "runs.1.-1", "runs.1.1.1",
     "runs.1.1\n", f"runs.{'9' * 19}.1", "runs.².1", "audit.1.1", "samplers.1.1"],
)  # fmt: skip
def test_an_invalid_cursor_is_refused(before: str, ask: Ask, acme: Workspace) -> None:
    answer: Any = ask("w/acme/runs/", before=before)
    assert answer.status_code == 400
    assert (
        answer.json()["detail"] == "before must be the next_before of an answer to the same list."
    )
