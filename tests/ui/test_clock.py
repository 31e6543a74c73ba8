"""Times are shown in UTC, or in the zone that the browser asks for. Exports are in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Run
from loopsweb.ui.clock import get_zone
from loopsweb.ui.templatetags import ui
from tests.personas import login_as
from tests.resources.rows import add_row

AT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
RUNS = "/w/acme/runs/"


@pytest.fixture
def browser(alice: User, acme: Workspace) -> Client:
    add_row(Run, acme, "run_1", created_at=AT)
    return login_as(alice)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("", "2026-11-23 23:30 UTC"),
        ("Europe/Berlin", "2026-11-24 00:30 CET"),
        ("Asia/Kolkata", "2026-11-24 05:00 IST"),
        ("No/Where", "2026-11-23 23:30 UTC"),
        ("../../etc/passwd", "2026-11-23 23:30 UTC"),
    ],
)
def test_a_page_shows_times_in_the_zone_of_the_cookie(
    zone: str, shown: str, browser: Client
) -> None:
    assert "2026-11-23 23:30 UTC" in browser.get(RUNS).content.decode()  # and is cached as that
    browser.cookies[settings.ZONE_COOKIE_NAME] = zone
    page = browser.get(RUNS).content.decode()
    assert f'<time datetime="2026-11-23T23:30:00Z">{shown}</time>' in page
    assert get_zone() is UTC


def test_a_csv_is_in_utc_whatever_the_zone(browser: Client) -> None:
    browser.cookies[settings.ZONE_COOKIE_NAME] = "Europe/Berlin"
    csv = b"".join(browser.post(RUNS).streaming_content).decode()  # type: ignore[attr-defined]
    assert "2026-11-23T23:30:00Z" in csv


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(milliseconds=10), "0.1 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=95), "1 min 35 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=14, seconds=50), "2 h 14 min"),
        (timedelta(hours=30), "1 d 6 h"),
        (timedelta(days=3, minutes=5), "3 d"),
        (timedelta(days=1200), "1,200 d"),
    ],
)
def test_a_duration_is_in_its_two_largest_units(time: timedelta, words: str) -> None:
    assert ui.span(time, " ") == words


def test_no_line_breaks_within_a_duration() -> None:
    assert ui.span(timedelta(seconds=95)) == "1\xa0min\xa035\xa0s"


def test_single_keys_are_off_for_whoever_switched_them_off(browser: Client) -> None:
    assert "data-keys" not in browser.get(RUNS).content.decode()
    browser.cookies[settings.KEYS_COOKIE_NAME] = "off"
    assert 'data-keys="off"' in browser.get(RUNS).content.decode()


@pytest.mark.parametrize(
    ("path", "field", "is_signed_in"),
    [
        ("/teams/new/", "name", True),
        ("/accounts/login/", "login", False),
        ("/accounts/password/reset/", "email", False),
    ],
)
def test_the_first_field_of_a_form_is_focused(
    path: str, field: str, is_signed_in: bool, browser: Client
) -> None:
    page = (browser if is_signed_in else Client()).get(path, follow=True).content.decode()
    assert page.count(" autofocus") == 1
    assert "autofocus" in page[page.index(f'name="{field}"') :].partition(">")[0]


def test_a_list_focuses_nothing(browser: Client) -> None:
    assert " autofocus" not in browser.get(RUNS).content.decode()
