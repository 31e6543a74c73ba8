"""Lists as they were: `?at=` of every noun."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deployment, ObservedPeriod, StatusChange
from loopsweb.resources.pages.past_list import NoMoment, parse_moment
from loopsweb.ui.timestamps import format_utc
from tests.personas import login_as
from tests.resources.rows import MODELS, add_row

HOUR = timedelta(hours=1)


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def past(acme: Workspace, key: Key) -> datetime:
    """Four hours ago, seen until two hours ago: `d` ran, and was stopped an hour later."""
    then = timezone.now().replace(microsecond=0) - 4 * HOUR
    add_row(
        Deployment, acme, "d", status="STOPPED", base_model="m/a", owner_email="ada@example.com",
        first_seen_at=then - HOUR, source_key=key, gpu_count=8, node_count=2,
    )  # fmt: skip
    add_row(Deployment, acme, "later", status="RUNNING", first_seen_at=then + HOUR, source_key=key)
    StatusChange.objects.create(
        workspace=acme, noun="deployment", remote_id="d", field="status", old="RUNNING",
        new="STOPPED", last_seen_old_at=then, first_seen_new_at=then + HOUR,
    )  # fmt: skip
    for feed in ("deployments", "runs", "samplers", "checkpoints"):
        ObservedPeriod.objects.create(
            workspace=acme, feed=feed, key=key, since=then - HOUR, until=then + 2 * HOUR
        )
    return then


def read(answer: Any) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_a_list_shows_what_was_there_then(browser: Client, past: datetime) -> None:
    answer = browser.get("/w/acme/deployments/", {"at": format_utc(past)})
    page = read(answer)
    assert "1 deployment " in page
    assert "d Copy RUNNING" in page or "d RUNNING" in page
    assert "later" not in page
    assert "16" in page
    assert "GPUs of the trainer" in page
    assert "Its sampler is in the samplers then." in page
    assert "A page of the past" in page
    assert "<freshness-bar" not in answer.content.decode()
    html = answer.content.decode()
    assert "/deactivation/" not in html
    assert "<live-region" not in html
    after = read(browser.get("/w/acme/deployments/", {"at": format_utc(past + 2 * HOUR)}))
    assert "STOPPED" in after
    assert "2 deployments" in after


def test_a_time_that_was_not_observed_says_so(browser: Client, past: datetime) -> None:
    page = read(browser.get("/w/acme/deployments/", {"at": format_utc(past + 3 * HOUR)}))
    assert "Not observed." in page
    assert "The API was last read at" in page
    assert "not observed, last seen RUNNING" in page  # later
    assert "STOPPED" in page  # what had ended stays ended
    assert "2 deployments, 1 of them not observed" in page
    early = read(browser.get("/w/acme/deployments/", {"at": format_utc(past - 9 * HOUR)}))
    assert "The API was first read at" in early
    old = read(browser.get("/w/acme/deployments/", {"at": "2001-01-01T00:00Z"}))
    assert "Not kept." in old


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": "RUNNING"}, 1),
        ({"status": "STOPPED"}, 0),
        ({"status": "nonsense"}, 0),
        ({"base_model": "m/a"}, 1),
        ({"base_model": "m/b"}, 0),
        ({"owner": "ada@example.com", "q": "d"}, 1),
        ({"q": "zzz"}, 0),
        ({"sort": "status", "page": "9"}, 1),
    ],
)
def test_filters_are_about_the_status_of_then(
    filters: dict[str, str], found: int, browser: Client, past: datetime
) -> None:
    answer = browser.get("/w/acme/deployments/", {"at": format_utc(past), **filters})
    assert answer.context["page"].found == found
    assert len(answer.context["page"].rows) == found


@pytest.mark.parametrize("noun", MODELS)
def test_every_list_has_a_past_under_few_queries(
    noun: str, browser: Client, acme: Workspace, past: datetime
) -> None:
    counts = set()
    browser.get("/w/acme/")
    for number in (1, 3):
        add_row(MODELS[noun], acme, f"x{number}", first_seen_at=past - HOUR)
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(f"/w/acme/{noun}/", {"at": format_utc(past)})
        assert answer.status_code == 200
        assert f"x{number}" in answer.content.decode()
        counts.add(len(queries))
    assert len(counts) == 1
    assert counts.pop() <= 12


@pytest.mark.parametrize(
    "at", ["yesterday", "2026-13-01T00:00Z", "9999-01-01T00:00Z", "0001-01-01T00:00+14:00", "\0"]
)
@pytest.mark.usefixtures("acme")
def test_no_time_and_the_future_are_refused(at: str, browser: Client) -> None:
    answer = browser.get("/w/acme/runs/", {"at": at})
    assert answer.status_code == 400
    assert "Back to now" in read(answer)


@pytest.mark.parametrize(
    "text", ["2026-11-24T03:00Z", "2026-11-24T03:00", "2026-11-24T05:00 02:00", "2026-11-24 03:00"]
)
def test_times_are_in_utc_unless_they_say_otherwise(text: str, now: datetime) -> None:
    at = parse_moment(text, now=now + 9 * HOUR)
    assert format_utc(at) == "2026-11-24T03:00:00Z"
    with pytest.raises(NoMoment, match="not come yet"):
        parse_moment(text, now=now)


def test_the_csv_of_the_past_says_when(browser: Client, past: datetime) -> None:
    answer: Any = browser.post(f"/w/acme/deployments/?at={format_utc(past)}&status=RUNNING")
    assert f"as-of-{past:%Y%m%dT%H%M%SZ}.csv" in answer["Content-Disposition"]
    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    shown = {name: row[name] for name in ("as_of", "deployment_id", "status_then", "gpus")}
    assert shown == {
        "as_of": format_utc(past), "deployment_id": "d", "status_then": "RUNNING", "gpus": "16",
    }  # fmt: skip
    assert "at=" in Event.objects.get(action="list.export").reason


def test_the_csv_of_the_past_has_no_more_than_its_page(
    browser: Client, past: datetime, settings: Settings
) -> None:
    path = f"/w/acme/deployments/?at={format_utc(past)}"
    assert browser.post(f"{path}&q={'a+' * 200}").status_code == 422
    settings.LOOPSWEB_RETENTION_DAYS = 2 / 24
    answer: Any = browser.post(path)
    assert list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))) == []


def test_the_past_is_for_members_only(mallory: User, vic: User, past: datetime) -> None:
    url = f"/w/acme/deployments/?at={format_utc(past)}"
    assert login_as(mallory).get(url).status_code == 404
    assert login_as(vic).get(url).status_code == 200


def test_a_search_that_is_too_long_is_refused(browser: Client, past: datetime) -> None:
    answer = browser.get("/w/acme/runs/", {"at": format_utc(past), "q": "a " * 200})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_links_of_the_past_say_that_they_lead_to_the_present(
    browser: Client, past: datetime
) -> None:
    for path in ("/w/acme/deployments/", "/w/acme/"):
        answer = browser.get(path, {"at": format_utc(past)})
        assert '<a href="/w/acme/deployments/d/">As it is now<' in answer.content.decode()
        assert 'class="id" href="/w/acme/deployments/d/"' not in answer.content.decode()


def test_totals_and_rows_of_the_past_say_what_they_count(browser: Client, past: datetime) -> None:
    page = read(browser.get("/w/acme/", {"at": format_utc(past)}))
    assert page.count("of trainers and samplers") == 2
    assert "Each row is its trainer alone" in page
    assert "The totals above count samplers too" in page
