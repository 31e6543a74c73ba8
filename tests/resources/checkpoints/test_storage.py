"""What checkpoints take: sums by run, model and person, and how they grew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.checkpoints.storage import (
    GROUPS_SHOWN,
    Amount,
    Group,
    Growth,
    measure_storage,
)
from loopsweb.resources.models import Checkpoint, Run
from tests.personas import login_as
from tests.resources.rows import add_row

NOW = datetime(2026, 11, 23, 21, 17, tzinfo=UTC)
GIB = 2**30


def add(workspace: Workspace, name: str, **fields: Any) -> Checkpoint:
    return add_row(Checkpoint, workspace, name, **fields)


def measure(workspace: Workspace) -> Any:
    return measure_storage(workspace, now=NOW, kept_since=None)


def test_sums_tell_known_and_unknown_sizes_apart(acme: Workspace) -> None:
    add_row(Run, acme, "r1", owner_email="ada@example.com")
    made: dict[str, dict[str, Any]] = {
        "a": {"run_remote_id": "r1", "base_model": "Q", "size_bytes": 5},
        "b": {"run_remote_id": "r1", "base_model": "Q", "size_bytes": None},
        "c": {"run_remote_id": "r2", "base_model": "L", "size_bytes": 7},
        "d": {"run_remote_id": "r3", "base_model": "L", "size_bytes": None},
        "gone": {"run_remote_id": "r1", "size_bytes": 9, "missing_since": NOW},
    }
    for name, fields in made.items():
        add(acme, name, **fields)
    found = measure(acme)
    assert found.total == Amount(4, 12, 2)
    assert found.by_run.groups == [
        Group("r2", Amount(1, 7, 0)),
        Group("r1", Amount(2, 5, 1)),
        Group("r3", Amount(1, None, 1)),
    ]
    assert found.by_model.groups == [Group("L", Amount(2, 7, 1)), Group("Q", Amount(2, 5, 1))]
    assert found.by_person.groups == [
        Group("", Amount(2, 7, 1)),
        Group("ada@example.com", Amount(2, 5, 1)),
    ]
    assert found.by_run.others == Amount(0, None, 0)


def test_all_beyond_the_largest_stand_together(acme: Workspace) -> None:
    for number in range(GROUPS_SHOWN + 3):
        add(acme, f"c{number}", run_remote_id=f"r{number:02}", size_bytes=number)
    found = measure(acme).by_run
    assert [one.name for one in found.groups[:2]] == ["r22", "r21"]
    assert (len(found.groups), found.others) == (GROUPS_SHOWN, Amount(3, 0 + 1 + 2, 0))


def test_pace_and_estimate_are_of_the_last_days(acme: Workspace) -> None:
    for days in range(5):
        add(acme, f"c{days}", size_bytes=GIB, created_at=NOW - timedelta(days=days))
    growth = measure(acme).growth
    assert [held // GIB for _, held in growth.days] == [1, 2, 3, 4, 5]
    assert (growth.pace, growth.pace_days, growth.in_a_month) == (GIB, 4, 35 * GIB)
    assert growth.pace_since == (NOW - timedelta(days=4)).date()


def test_one_day_is_no_history(acme: Workspace) -> None:
    add(acme, "c", size_bytes=5, created_at=NOW - timedelta(hours=1))
    growth = measure(acme).growth
    assert (growth.pace, growth.in_a_month, growth.days) == (None, None, [(NOW.date(), 5)])


HOURS = st.integers(0, 24 * 40)
LIVES = st.lists(
    st.tuples(HOURS, st.none() | HOURS, st.none() | st.integers(0, 100)), min_size=1, max_size=6
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LIVES)
def test_growth_is_what_counting_each_day_gives(
    acme: Workspace, lives: list[tuple[int, int | None, int | None]]
) -> None:
    """lives: hours ago that it was saved, how long it was listed, its bytes."""
    Checkpoint.objects.all().delete()
    kept = []
    for number, (ago, listed, size) in enumerate(lives):
        saved = NOW - timedelta(hours=ago)
        gone = None if listed is None else min(saved + timedelta(hours=listed), NOW)
        kept.append((saved, gone, size or 0))
        add(acme, f"c{number}", size_bytes=size, created_at=saved, missing_since=gone)
    growth: Growth = measure(acme).growth
    for day, held in growth.days:
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        at = min(end, NOW + timedelta(microseconds=1))
        assert held == sum(b for saved, gone, b in kept if saved < at and (not gone or gone >= at))
    assert [day for day, _ in growth.days] == [
        growth.days[0][0] + timedelta(days=n) for n in range(len(growth.days))
    ]


@pytest.fixture
def browser(vic: User) -> Client:
    return login_as(vic)


def test_who_may_add_a_key_is_led_to_it_before_anything_was_read(
    browser: Client, alice: User, acme: Workspace
) -> None:
    url = reverse("checkpoints:storage", args=[acme.slug])
    pages = [one.get(url).content.decode() for one in (login_as(alice), browser)]
    assert [page.count(f'href="{reverse("keys:add")}">Add key') for page in pages] == [1, 0]


def test_the_page_says_what_is_unknown(browser: Client, acme: Workspace) -> None:
    url = reverse("checkpoints:storage", args=[acme.slug])
    assert "Not read yet" in browser.get(url).content.decode()
    add(acme, "c", size_bytes=None, run_remote_id="r1", base_model="a/b&c")
    Workspace.objects.update(version=1)
    page = browser.get(url).content.decode()
    assert "1 checkpoint, the size of 1 unknown" in page
    assert "too short a history" in page
    assert "?base_model=a%2Fb%26c" in page


def test_the_number_of_queries_is_the_same_for_many(
    browser: Client, acme: Workspace, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        add(acme, f"c{number}", run_remote_id=f"r{number}", size_bytes=1, created_at=NOW)
    with django_assert_max_num_queries(24):
        assert browser.get(reverse("checkpoints:storage", args=[acme.slug])).status_code == 200
