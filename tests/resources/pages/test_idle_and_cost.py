"""Lists of what holds GPUs are sorted and filtered by idleness, GPUs and cost, in the database."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from loopsweb.accounts.models import User, Workspace, set_up_team
from loopsweb.resources.deployments.views import SPEC
from loopsweb.resources.models import Deployment
from loopsweb.resources.pages.idleness import add_idle_filter
from loopsweb.simulator import Simulator
from loopsweb.ui.listing import parse_query
from tests.personas import create_founder, login_as
from tests.plans import explain_in_order
from tests.resources.conftest import AddKey
from tests.resources.rows import FIRST_SEEN_AT, add_row

METRICS = "POST /v1/loops/deployments/{deployment_id}/metrics"
LISTS = ("deployments", "samplers", "runs")
MINUTES = st.none() | st.integers(0, 300)
ROWS = st.lists(st.tuples(MINUTES, st.none() | st.integers(0, 16), MINUTES), max_size=8)


class TestSortsAndFilters(TestCase):
    @settings(max_examples=25)
    @given(ROWS, st.sampled_from(["idle", "gpus", "cost"]), st.booleans(), MINUTES)
    def test_they_equal_a_plain_computation(
        self, rows: Any, sort: str, is_descending: bool, at_least: int | None
    ) -> None:
        workspace = set_up_team(name="Acme", founder=create_founder("alice")).workspaces.get()
        for number, (idle, gpus, usd) in enumerate(rows):
            last = None if idle is None else FIRST_SEEN_AT - timedelta(minutes=idle)
            figures = {"last_work_at": last, "gpus": gpus, "usd_per_hour": usd}
            add_row(Deployment, workspace, str(number), **figures)
        asked = {"sort": f"-{sort}" if is_descending else sort}
        asked |= {} if at_least is None else {"idle": f"{at_least}m"}
        query = parse_query(
            add_idle_filter(SPEC, find_until=lambda: FIRST_SEEN_AT), as_query(asked)
        )
        found = [row.remote_id for row in query.select(Deployment.objects.in_workspace(workspace))]
        by = {"idle": 0, "gpus": 1, "cost": 2}[sort]
        kept = [
            (number, row[by])
            for number, row in enumerate(rows)
            if at_least is None or (row[0] is not None and row[0] >= at_least)
        ]
        newest_first = sorted(kept, reverse=True)
        known = [one for one in newest_first if one[1] is not None]
        known.sort(key=lambda one: one[1], reverse=is_descending)
        unknown = [one for one in newest_first if one[1] is None]
        assert found == [str(number) for number, _ in known + unknown]


def as_query(values: dict[str, str]) -> Any:
    from django.http import QueryDict

    query = QueryDict(mutable=True)
    query.update(values)
    return query


@pytest.fixture
def now() -> datetime:
    """The time of the poll, so that pages take its answers for fresh."""
    return timezone.now()


@pytest.fixture
def idle_and_busy(
    world: Simulator, now: datetime, add_key: AddKey, poll: Callable[..., int]
) -> None:
    world.add_fault(METRICS, mode="status", status=404, count=None)
    for name, hours in (("busy", 1), ("idle", 3)):
        created_at = now - timedelta(hours=9)
        run = world.world.add_run(id=f"{name}-run", created_at=created_at)
        world.world.add_deployment(id=f"{name}-pair", run=run, created_at=created_at)
        world.world.add_checkpoint(run=run, created_at=now - timedelta(hours=hours))
    add_key()
    poll()


@pytest.mark.usefixtures("idle_and_busy")
def test_what_idles_is_found_sorted_and_downloaded(alice: User) -> None:
    browser: Client = login_as(alice)
    for noun in ("deployments", "runs"):
        answer: Any = browser.post(f"/w/acme/{noun}/?sort=-idle")
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        names = [next(iter(row.values())).partition("-")[0] for row in rows]
        assert names == ["idle", "busy"]
        assert [int(row["idle_seconds"]) // 3600 for row in rows] == [3, 1]
        assert [(row["last_work_sign"], row["cost_source"]) for row in rows] == [
            ("checkpoint", "API prices")
        ] * 2
        assert all(int(row["gpus"]) > 0 and float(row["usd_per_hour"]) > 0 for row in rows)
        page = browser.get(f"/w/acme/{noun}/?idle=2h&sort=-cost").content.decode()
        assert ("idle-" in page, "busy-" in page) == (True, False)


@pytest.mark.usefixtures("idle_and_busy")
def test_a_duration_that_cannot_be_read_is_refused_at_its_field(alice: User) -> None:
    browser: Client = login_as(alice)
    for noun in LISTS:
        answer = browser.get(f"/w/acme/{noun}/?idle=long&q=a")
        text = answer.content.decode()
        assert answer.status_code == 422
        assert 'id="idle-error" role="alert">Write a duration such as 90m, 2h or 1d.' in text
        assert 'value="long"' in text
        assert 'value="a"' in text


def test_idleness_that_was_not_observed_is_unknown(
    world: Simulator, alice: User, add_key: AddKey, poll: Callable[..., int], now: datetime
) -> None:
    """After an outage the page says how long it had been idle at the last answer."""
    world.add_fault(METRICS, mode="status", status=404, count=None)
    run = world.world.add_run(id="run", created_at=now - timedelta(hours=2))
    world.world.add_deployment(id="pair", run=run, created_at=now - timedelta(hours=2))
    add_key()
    poll()
    world.add_fault("*", "status", status=500)
    poll(after=300)
    poll(after=300)
    answer: Any = login_as(alice).post("/w/acme/deployments/")
    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert int(row["idle_seconds"]) < 7200 + 60


@pytest.mark.parametrize("sort", ["-idle", "-gpus", "-cost"])
def test_the_sorts_read_an_index(sort: str, acme: Workspace) -> None:
    query = parse_query(SPEC, as_query({"sort": sort}))
    rows = query.select(Deployment.objects.in_workspace(acme))[:50]
    plan = explain_in_order(rows)
    name = {"-idle": "idle", "-gpus": "gpus", "-cost": "cost"}[sort]
    assert f"deployment_{name}" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def test_the_overview_leads_from_what_idles_to_ending_it(
    world: Simulator, alice: User, add_key: AddKey, poll: Callable[..., int], now: Any
) -> None:
    world.add_fault(METRICS, mode="status", status=404, count=None)
    created_at = now - timedelta(hours=9)
    run = world.world.add_run(id="run", created_at=created_at)
    world.world.add_deployment(id="pair", run=run, created_at=created_at)
    saved_at = now - timedelta(hours=3)
    world.world.add_checkpoint(id="ck", run=run, name="step-900", created_at=saved_at)
    add_key()
    poll()
    page = login_as(alice).get("/w/acme/").content.decode()
    text = re.sub(r"\s+", " ", strip_tags(page))
    row = Deployment.objects.get()
    assert row.usd_per_hour
    assert f"${row.usd_per_hour:,.2f} per hour by API prices" in text
    assert re.search(r"Costs most while idle.* pair\S+ \S+ 3 h .* step-900 ", text)
    assert 'href="/w/acme/deployments/pair/deactivation/"' in page
    assert 'href="/help/idleness/"' in page
