"""The timeline: lanes of deployments and samplers, and who stopped what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import record_event
from loopsweb.dashboard.over_time import MAX_CHANGES
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.models import Deployment, ObservedPeriod, Sampler, StatusChange
from loopsweb.ui.timestamps import format_utc
from tests.personas import login_as
from tests.resources.rows import add_row

HOUR = timedelta(hours=1)
URL = "/w/acme/timeline/"


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def ago(acme: Workspace, key: Key) -> datetime:
    """Five hours ago, since when all was observed."""
    then = timezone.now() - 5 * HOUR
    for feed in ("deployments", "samplers"):
        ObservedPeriod.objects.create(
            workspace=acme, feed=feed, key=key, since=then, until=timezone.now()
        )
    return then


def lanes(answer: Any) -> list[str]:
    return [lane.row.remote_id for lane in answer.context["lanes"]]


def read(answer: Any) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_lanes_show_what_was_when_and_who_stopped_it(
    browser: Client, acme: Workspace, key: Key, ago: datetime
) -> None:
    common = {"source_key": key, "first_seen_at": ago}
    add_row(Sampler, acme, "s", status="ACTIVE", **common)
    add_row(Deployment, acme, "d", status="STOPPED", owner_email="ada@example.com", **common)
    add_row(Deployment, acme, "ended long ago", status="STOPPED", **common)
    StatusChange.objects.create(
        workspace=acme, noun="deployment", remote_id="d", field="status", old="RUNNING",
        new="STOPPED", last_seen_old_at=ago + HOUR, first_seen_new_at=ago + 2 * HOUR,
    )  # fmt: skip
    stop, refused, _ = [
        Deactivation.objects.create(
            workspace=acme, noun="deployment", target_remote_id="d", person="Olga", state=state,
            state_since=ago, ask_at=ago, requested_at=ago, sent_at=ago + HOUR,
        )
        for state in ("confirmed", "refused", "withdrawn")
    ]  # fmt: skip
    answer = browser.get(URL, {"from": format_utc(ago - HOUR), "to": format_utc(ago + 4 * HOUR)})
    assert lanes(answer) == ["d", "s"]
    spans = [
        [(one.span.label, round(one.width)) for one in lane.band.spans]
        for lane in answer.context["lanes"]
    ]
    assert spans == [
        [("not there yet", 20), ("RUNNING", 40), ("STOPPED", 40)],
        [("not there yet", 20), ("ACTIVE", 80)],
    ]
    html = answer.content.decode()
    assert [(act.label, act.url) for act in answer.context["lanes"][0].acts] == [
        ("Olga stopped it", stop.get_absolute_url()),
        ("Olga tried to stop it: not deactivated", refused.get_absolute_url()),
    ]
    assert f'<a href="{stop.get_absolute_url()}">Olga stopped it</a>' in html
    assert 'href="/w/acme/deployments/d/"' in html


def test_a_sampler_shows_the_stop_of_the_run_that_it_ended_with(
    browser: Client, acme: Workspace, key: Key, ago: datetime
) -> None:
    for sampler in ("s", "another"):
        add_row(Sampler, acme, sampler, status="INACTIVE", source_key=key, first_seen_at=ago)
        StatusChange.objects.create(
            workspace=acme, noun="sampler", remote_id=sampler, field="status", old="ACTIVE",
            new="INACTIVE", last_seen_old_at=ago + HOUR, first_seen_new_at=ago + 2 * HOUR,
        )  # fmt: skip
    stop, *_ = [
        Deactivation.objects.create(
            workspace=acme, noun="run", target_remote_id="r", person="Olga", state=state,
            state_since=ago, ask_at=ago, requested_at=ago, sent_at=ago + HOUR,
            foreseen={"runs": ["r"], "samplers": ["s"]},
        )
        for state in ("confirmed", "refused")
    ]  # fmt: skip
    answer = browser.get(URL)
    acts = {
        lane.row.remote_id: [(act.label, act.url) for act in lane.acts]
        for lane in answer.context["lanes"]
    }
    assert acts == {"s": [("Olga stopped run r", stop.get_absolute_url())], "another": []}


def test_a_deployment_shows_the_stop_of_the_run_that_it_ended_with(
    browser: Client, acme: Workspace, key: Key, ago: datetime
) -> None:
    stops = {}
    for remote_id in ("d", "another"):
        add_row(Deployment, acme, remote_id, status="STOPPED", source_key=key, first_seen_at=ago)
        StatusChange.objects.create(
            workspace=acme, noun="deployment", remote_id=remote_id, field="status", old="RUNNING",
            new="STOPPED", last_seen_old_at=ago + HOUR, first_seen_new_at=ago + 2 * HOUR,
        )  # fmt: skip
        stops[remote_id] = Deactivation.objects.create(
            workspace=acme, noun="run", target_remote_id=f"run of {remote_id}", person="Olga",
            state="confirmed", state_since=ago, ask_at=ago, requested_at=ago, sent_at=ago + HOUR,
            foreseen={"runs": [f"run of {remote_id}"]},
        )  # fmt: skip
    stopped: Any = {"workspace": acme.slug, "action": "deployment.stop"}
    for remote_id, outcome in (("d", Outcome.CONFIRMED), ("another", Outcome.OBSERVED)):
        event = {"target_noun": "deployment", "target_id": remote_id, "outcome": outcome}
        record_event(**stopped, **event, incident=stops[remote_id].incident, now=ago + 2 * HOUR)
    acts = {
        lane.row.remote_id: [(act.label, act.url) for act in lane.acts]
        for lane in browser.get(URL).context["lanes"]
    }
    mark = ("Olga stopped run run of d", stops["d"].get_absolute_url())
    assert acts == {"d": [mark], "another": []}
    page = browser.get("/w/acme/deployments/d/")
    assert [(act.label, act.url) for act in page.context["status_band"].band.marks_of_kinds] == [
        mark
    ]


def test_lanes_are_paged_and_ordered_under_the_same_queries(
    browser: Client, acme: Workspace, key: Key, ago: datetime
) -> None:
    browser.get(URL)
    counts = []
    for number in (1, 53):
        for n in range(number):
            row = {"status": "RUNNING", "source_key": key, "first_seen_at": ago}
            add_row(Deployment, acme, f"d{number}-{n}", usd_per_hour=n, **row)
        add_row(Sampler, acme, f"s{number}", status="ACTIVE", source_key=key, first_seen_at=ago)
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL, {"page": "2"} if number > 1 else {})
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 25
    second = browser.get(URL, {"page": "2"})
    assert len(lanes(second)) == 6
    assert lanes(second)[-2:] == ["s53", "s1"]
    costly = browser.get(URL, {"order": "cost", "span": "week"})
    assert lanes(costly)[:2] == ["d53-52", "d53-51"]
    assert "order=cost" in costly.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from": "x"}, "This is no time."),
        ({"to": "9999-01-01T00:00Z"}, "has not come yet"),
        ({"from": "2026-11-02T00:00Z", "to": "2026-11-01T00:00Z"}, "must be before"),
        ({"from": "2020-01-01T00:00Z", "to": "2026-01-01T00:00Z"}, "At most 92 days"),
    ],
)
@pytest.mark.usefixtures("acme")
def test_times_that_make_no_span_are_refused(
    given: dict[str, str], said: str, browser: Client
) -> None:
    answer = browser.get(URL, given)
    assert (answer.status_code, said in read(answer)) == (400, True)


def test_the_overview_shows_cost_and_gpus_over_time(
    browser: Client, acme: Workspace, key: Key, ago: datetime
) -> None:
    add_row(Deployment, acme, "d", status="RUNNING", gpu_count=8, source_key=key, first_seen_at=ago)
    answer = browser.get("/w/acme/", {"history": "week"})
    over_time = answer.context["over_time"]
    values = [value for _, [value] in over_time.gpus.rows]
    assert values[:2] == ["not observed", "8"]
    assert (over_time.chosen, over_time.is_partial, over_time.unseen) == ("week", True, 0)
    assert "What has no known price or number of GPUs is not counted." in read(answer)
    assert browser.get("/w/acme/", {"history": "x"}).context["over_time"].chosen == "day"


def test_where_much_changed_the_pictures_come_after_the_page(
    browser: Client, acme: Workspace, key: Key, ago: datetime
) -> None:
    add_row(Deployment, acme, "d", status="RUNNING", gpu_count=8, source_key=key, first_seen_at=ago)
    change = {"workspace": acme, "noun": "run", "field": "status", "first_seen_new_at": ago}
    StatusChange.objects.bulk_create(
        StatusChange(**change, remote_id=str(number)) for number in range(MAX_CHANGES + 1)
    )
    page = browser.get("/w/acme/")
    assert (page.context["over_time"].is_pending, page.context["over_time"].gpus.rows) == (True, [])
    assert 'href="?history=day&amp;pictures=now"' in page.content.decode()
    asked = browser.get("/w/acme/", {"history": "day", "pictures": "now"})
    assert asked.context["over_time"].is_observed
    is_busy = [
        "aria-busy" in one.content.decode() for one in (page, asked, browser.get("/w/acme/"))
    ]
    assert is_busy == [True, False, False]
    assert "aria-busy" in browser.get("/w/acme/", {"history": "week"}).content.decode()


def test_the_overview_of_the_past_counts_what_was_so_then(
    browser: Client, acme: Workspace, key: Key, ago: datetime
) -> None:
    common = {"source_key": key, "first_seen_at": ago, "gpu_count": 8}
    add_row(Deployment, acme, "d", status="STOPPED", **common)
    add_row(Sampler, acme, "s", status="ACTIVE", **common)
    StatusChange.objects.create(
        workspace=acme, noun="deployment", remote_id="d", field="status", old="RUNNING",
        new="STOPPED", last_seen_old_at=ago + HOUR, first_seen_new_at=ago + 2 * HOUR,
    )  # fmt: skip
    answer = browser.get("/w/acme/", {"at": format_utc(ago + HOUR)})
    counts = [(one.noun.slug, one.status, one.number) for one in answer.context["counts"]]
    assert counts == [("samplers", "ACTIVE", 1), ("deployments", "RUNNING", 1)]
    assert answer.context["total"].gpus == 16
    assert "/deactivation/" not in answer.content.decode()
    later = browser.get("/w/acme/", {"at": format_utc(ago + 3 * HOUR)})
    assert later.context["total"].gpus == 8
    assert browser.get("/w/acme/", {"at": "never"}).status_code == 400


@pytest.mark.parametrize("end", ["0001-01-01T00:00Z", "0001-01-01T12:00Z"])
def test_the_first_day_of_all_has_none_before_it(
    browser: Client, acme: Workspace, end: str
) -> None:
    assert browser.get(URL, {"to": end}).status_code == 400
    assert browser.get("/w/acme/", {"at": end}).status_code == 200
