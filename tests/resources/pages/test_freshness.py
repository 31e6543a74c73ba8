"""The age in the header is that of the oldest answer on the page, and amber when it is late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deactivation, Deployment, PollState, Run, Session
from loopsweb.resources.pages.freshness import NO_SCOPE, PARTLY_READ, load_freshness
from loopsweb.ui.timestamps import format_utc
from tests.personas import add_key, login_as
from tests.resources.rows import add_row

FEEDS = ("runs", "samplers", "deployments", "checkpoints")


def read(key: Key, now: datetime, **ages: int) -> None:
    """The feeds of a key as if last read so many seconds ago; the next poll is about to begin."""
    feeds = {
        name: {"as_of": (now - timedelta(seconds=age)).isoformat()} for name, age in ages.items()
    }
    PollState.objects.filter(key=key).update(feeds=feeds, next_poll_at=now + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("runs:list", ("runs", "samplers", "deployments")),
        ("runs:detail", FEEDS),
        ("samplers:list", ("samplers", "runs")),
        ("deployments:list", ("deployments", "samplers")),
        ("deployments:detail", ("deployments", "runs", "samplers")),
        ("checkpoints:list", ("checkpoints",)),
        ("sessions:list", ("runs", "samplers")),
        ("sessions:detail", FEEDS),
        ("dashboard:overview", FEEDS),
        ("deactivations:new", FEEDS),
    ],
)
def test_a_page_is_as_old_as_the_oldest_answer_it_shows(
    name: str, shown: tuple[str, ...], acme: Workspace, alice: User, key: Key
) -> None:
    for model in (Run, Deployment, Session):
        add_row(model, acme, "x")
    args = {"detail": ["x"], "new": ["deployments", "x"]}.get(name.partition(":")[2], [])
    url, browser = reverse(name, args=[acme.slug, *args]), login_as(alice)
    for old in FEEDS:
        now = timezone.now().replace(microsecond=0)
        read(key, now, **dict.fromkeys(FEEDS, 3) | {old: 100})
        page = browser.get(url).content.decode()
        is_old = f'data-as-of><time datetime="{format_utc(now - timedelta(seconds=100))}"' in page
        assert is_old == (old in shown), old


@pytest.mark.parametrize(
    ("checkpoints", "confirmed", "wait"), [(60, 2, 60), (60, 100, 5), (3, 2, 5)]
)
def test_the_header_announces_the_poll_that_asks_for_what_is_oldest(
    checkpoints: int, confirmed: int, wait: int, acme: Workspace, alice: User, key: Key
) -> None:
    """Checkpoints of runs that have ended are asked for every two minutes, the list of runs by each
    poll: here three seconds ago."""
    now = timezone.now().replace(microsecond=0)
    read(key, now, **dict.fromkeys(FEEDS, 3) | {"checkpoints": checkpoints})
    rows = PollState.objects.filter(key=key)
    rows.update(checkpoints_confirmed_at=now - timedelta(seconds=confirmed))
    url, browser = reverse("checkpoints:list", args=[acme.slug]), login_as(alice)
    answer = browser.get(url)
    due = format_utc(now + timedelta(seconds=wait))
    assert f'data-next><time datetime="{due}"' in answer.content.decode()
    assert answer["Loopsweb-Next-Poll"] == due
    rows.update(next_poll_at=now - timedelta(seconds=90))
    late = browser.get(url).content.decode()
    assert "has not happened" in late
    assert 'id="freshness" data-state="late"' in late


@pytest.mark.parametrize(("age", "state"), [(60, "ok"), (120, "late")])
def test_the_header_is_amber_when_an_answer_is_late(
    age: int, state: str, acme: Workspace, alice: User, key: Key
) -> None:
    read(key, timezone.now(), runs=3, samplers=3, deployments=age)
    page = login_as(alice).get(reverse("runs:list", args=[acme.slug])).content.decode()
    assert f'id="freshness" data-state="{state}"' in page
    assert ("Updates are late." in page) == (state == "late")


def test_a_page_whose_own_rows_are_not_read_yet_says_so(
    acme: Workspace, alice: User, key: Key
) -> None:
    read(key, timezone.now(), runs=3)
    browser = login_as(alice)
    assert load_freshness(acme).of("runs", "deployments").as_of is not None
    assert load_freshness(acme).overall.as_of is not None
    page = browser.get(reverse("deployments:list", args=[acme.slug])).content.decode()
    assert "Not read yet" in page


def test_rows_of_one_key_keep_their_date_while_another_waits_for_its_first_answer(
    acme: Workspace, alice: User, otto: User, key: Key, now: datetime
) -> None:
    read(key, now, runs=3)
    other = add_key(otto, workspace=acme, secret="demo-own-key", now=now)
    Key.objects.filter(pk=other.pk).update(api_workspace_name="Another organisation")
    runs = load_freshness(acme).of("runs")
    assert (runs.as_of, runs.error) == (now - timedelta(seconds=3), PARTLY_READ)


def test_deployments_that_no_key_may_list_any_more_keep_their_date(
    acme: Workspace, key: Key, now: datetime
) -> None:
    read(key, now, deployments=300)
    Key.objects.update(can_manage=False)
    deployments = load_freshness(acme).of("deployments")
    assert (deployments.as_of, deployments.error) == (now - timedelta(seconds=300), NO_SCOPE)
    assert deployments.state(now=now) == "late"


def test_the_page_of_a_request_is_as_old_as_the_snapshot(
    acme: Workspace, alice: User, key: Key, now: datetime
) -> None:
    read(key, now, runs=3, deployments=100)
    times = {"requested_at": now, "state_since": now, "ask_at": now}
    request = Deactivation.objects.create(
        workspace=acme, noun="deployment", target_remote_id="x", state="waiting", **times
    )
    answer = login_as(alice).get(request.get_absolute_url())
    assert answer["Loopsweb-As-Of"] == format_utc(now - timedelta(seconds=100))
    assert f'data-version="{answer["Loopsweb-Version"]}"' in answer.content.decode()
    assert 'id="freshness" data-state="late"' in answer.content.decode()


def test_rows_are_not_called_unread_when_no_key_reads_them(acme: Workspace, alice: User) -> None:
    add_row(Run, acme, "r1")
    browser: Client = login_as(alice)
    page = browser.get(reverse("runs:list", args=[acme.slug])).content.decode()
    assert "Not being read" in page
    assert "Not read yet" not in page
