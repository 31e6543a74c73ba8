"""A key that the API refuses is given up after a while only, and tried again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.models import PollState, Run
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
EVERYTHING = "*"


@pytest.fixture
def key(world: Simulator, add_key: AddKey, poll: Poll) -> Key:
    world.world.add_run()
    key = add_key()
    poll()
    world.requests.clear()
    return key


def refuse(loops: Simulator, status: int) -> None:
    loops.add_fault(EVERYTHING, "status", count=None, status=status, body={"message": "No."})


def poll_for(poll: Poll, seconds: int) -> int:
    """Look every second. Returns the number of polls."""
    return sum(poll(after=1) for _ in range(seconds))


@pytest.mark.parametrize("status", [401, 403])
def test_one_bad_minute_retires_no_key(
    status: int, key: Key, acme: Workspace, world: Simulator, poll: Poll, clock: Timeline
) -> None:
    refuse(world, status)
    clock.pass_(120)
    assert 3 <= poll_for(poll, 60) <= 4
    key.refresh_from_db()
    assert key.state == KeyState.HEALTHY
    assert load_freshness(acme).overall.error == (
        f"The Loops API refused the key {key}. loopsweb asks again before it stops using it."
    )

    world.clear_faults()
    poll_for(poll, 21)

    key.refresh_from_db()
    assert key.state == KeyState.HEALTHY
    assert (load_freshness(acme).overall.error, PollState.objects.get().refused_since) == ("", None)


@pytest.mark.parametrize(("status", "state"), [(401, KeyState.REFUSED), (403, KeyState.FORBIDDEN)])
def test_a_key_that_stays_refused_is_retired_and_tried_again_ever_more_rarely(
    status: int, state: str, key: Key, acme: Workspace, world: Simulator, poll: Poll
) -> None:
    refuse(world, status)
    poll_for(poll, 240)
    key.refresh_from_db()
    assert key.state == state
    overall = load_freshness(acme).overall
    assert overall.error == f"Polling with the key {key} has stopped: {key.state_reason}"
    assert key.state_reason.endswith("loopsweb tries it again from time to time.")
    assert Run.objects.filter(missing_since=None).count() == 1

    tries = [sum(poll(after=60) for _ in range(60)) for _ in range(6)]
    assert tries[0] <= 5
    assert tries[-1] <= 1
    world.clear_faults()
    assert [poll(after=60) for _ in range(61)].count(1) >= 1

    key.refresh_from_db()
    assert (key.state, key.state_reason) == (KeyState.HEALTHY, "")
    assert load_freshness(acme).overall.error == ""


def test_one_forbidden_list_is_the_failure_of_that_list(
    key: Key, acme: Workspace, world: Simulator, poll: Poll
) -> None:
    world.add_fault("GET /v1/loops/samplers", "status", count=None, status=403)
    for _ in range(3):
        poll(after=100)
    key.refresh_from_db()
    assert (key.state, PollState.objects.get().refused_since) == (KeyState.HEALTHY, None)
    fresh = load_freshness(acme)
    said = f"The Loops API does not let the key {key} list samplers. Add a key with that scope."
    assert fresh.of("samplers").error == said
    assert [fresh.of(noun).failing_since for noun in ("runs", "deployments")] == [None, None]
    world.clear_faults()
    poll(after=120)
    assert load_freshness(acme).overall.error == ""


def test_failures_of_another_kind_confirm_no_refusal(
    key: Key, world: Simulator, poll: Poll, clock: Timeline
) -> None:
    refuse(world, 401)
    poll(after=120)
    world.clear_faults()
    world.add_fault(EVERYTHING, "status", count=None, status=503)
    poll_for(poll, 120)
    world.clear_faults()
    refuse(world, 401)
    poll_for(poll, 27)
    key.refresh_from_db()
    assert key.state == KeyState.HEALTHY


def test_a_key_is_used_again_when_its_url_is_allowed_again(
    key: Key, world: Simulator, poll: Poll, settings: Settings
) -> None:
    allowed = settings.LOOPSWEB_API_URLS
    settings.LOOPSWEB_API_URLS = ["https://elsewhere.example.com"]
    poll(after=120)
    key.refresh_from_db()
    assert (key.state, world.requests) == (KeyState.UNUSABLE, [])
    assert PollState.objects.get().failures == 1

    settings.LOOPSWEB_API_URLS = allowed
    poll_for(poll, 21)

    key.refresh_from_db()
    assert key.state == KeyState.HEALTHY


def test_the_page_of_the_key_says_what_is_going_on(
    key: Key, alice: User, world: Simulator, poll: Poll
) -> None:
    browser, address = login_as(alice), reverse("keys:detail", args=[key.uid])
    assert "has refused" not in browser.get(address).content.decode()
    refuse(world, 401)
    poll(after=120)
    assert "The API has refused this key since" in browser.get(address).content.decode()
    poll_for(poll, 120)
    assert "has stopped using this key, and tries it again" in browser.get(address).content.decode()
