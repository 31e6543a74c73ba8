from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Checkpoint
from loopsweb.simulator import Simulator
from tests.failing_database import FAILURES
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

ACTION = "checkpoint.set_expiry"
WEEK = {"expiry": "days", "days": "7"}


@pytest.fixture
def row(world: Simulator, acme: Workspace, add_key: AddKey, poll: Callable[..., int]) -> Checkpoint:
    run = world.world.add_run()
    world.world.add_checkpoint(run=run, id="c", name="step-1", target="trainer")
    add_key(shared=True)
    poll()
    world.requests.clear()
    return Checkpoint.objects.get()


@pytest.fixture
def url(row: Checkpoint, acme: Workspace) -> str:
    return reverse("checkpoints:expiry", args=[acme.slug, "c"])


def recorded() -> list[tuple[str, str, Any]]:
    events = Event.objects.filter(action=ACTION).order_by("pk")
    return [(one.outcome, one.target_id, one.answer) for one in events]


def test_an_expiry_is_set_recorded_and_shown_at_once(
    url: str, row: Checkpoint, otto: User, world: Simulator, clock: Timeline
) -> None:
    browser = login_as(otto)
    detail = url.removesuffix("expiry/")
    assert f'href="{url}"' in browser.get(detail).content.decode()
    answer = browser.post(url, WEEK)
    assert answer.headers["Location"] == detail
    [sent] = world.requests
    assert (sent.method, sent.path) == ("PUT", "/v1/loops/checkpoints/c/ttl")
    assert sent.parse_body() == {"ttl_seconds": 604_800}
    row.refresh_from_db()
    assert row.expires_at is not None
    assert (row.expires_at - clock()).days == 7
    [asked, done] = recorded()
    assert asked == ("requested", "c", {"asked": {"ttl_seconds": 604_800}})
    assert done == ("succeeded", "c", {"expires_at": row.raw["expires_at"]})

    assert browser.post(url, {"expiry": "never"}).status_code == 302
    assert world.requests[-1].parse_body() == {"ttl_seconds": None}
    row.refresh_from_db()
    assert row.expires_at is None


def test_a_week_is_one_click_away(url: str, otto: User, world: Simulator) -> None:
    browser = login_as(otto)
    assert f'{url}?expiry=7"' in browser.get(url.removesuffix("expiry/")).content.decode()
    assert browser.get(url, {"expiry": "7"}).context["form"]["expiry"].value() == "7"
    assert browser.post(url, {"expiry": "7"}).status_code == 302
    assert world.requests[-1].parse_body() == {"ttl_seconds": 604_800}


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"expiry": "days", "days": "0"}, "days"),
        ({"expiry": "days", "days": "3651"}, "days"),
        ({"expiry": "days", "days": ""}, "days"),
        ({"expiry": "never", "days": "7"}, "days"),
        ({"expiry": "30", "days": "7"}, "days"),
        ({"days": "7"}, "expiry"),
    ],
)
def test_what_the_api_would_refuse_is_told_at_the_field(
    url: str, otto: User, world: Simulator, typed: dict[str, str], wrong: str
) -> None:
    answer = login_as(otto).post(url, typed)
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors)) == (422, [wrong])
    assert {name: form[name].value() for name in typed} == typed
    assert (list(world.requests), recorded()) == ([], [])


@pytest.mark.parametrize(
    ("fault", "status", "outcome"),
    [({"status": 404}, 422, "refused"), ({"status": 503}, 502, "unknown")],
)
def test_a_failure_is_told_and_recorded(
    url: str, otto: User, world: Simulator, fault: dict[str, int], status: int, outcome: str
) -> None:
    world.add_fault("PUT *", mode="status", **fault)
    answer = login_as(otto).post(url, WEEK)
    assert (answer.status_code, list(answer.context["form"].errors)) == (status, ["days"])
    assert [one[0] for one in recorded()] == ["requested", outcome]
    assert len(world.requests) == 1


def test_a_viewer_cannot_set_it(url: str, vic: User, world: Simulator) -> None:
    browser = login_as(vic)
    assert browser.post(url, WEEK).status_code == 403
    assert f'href="{url}"' not in browser.get(url.removesuffix("expiry/")).content.decode()
    assert list(world.requests) == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_that_cannot_be_recorded(url: str, otto: User, world: Simulator) -> None:
    browser = login_as(otto)
    fails, _ = FAILURES["read-only"]
    with fails():
        status = browser.post(url, WEEK).status_code
    assert (status, list(world.requests)) == (503, [])
