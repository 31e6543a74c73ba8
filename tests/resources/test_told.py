"""What leaves the site is told in the audit before it leaves."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Run
from loopsweb.simulator import Simulator
from tests.personas import client_of
from tests.resources.rows import seen

DOWNLOAD = "checkpoint.download"


@pytest.fixture
def browser(otto: User) -> Client:
    return client_of(otto)


@pytest.fixture
def checkpoint(loops: Simulator, acme: Workspace, key: Key) -> Checkpoint:
    found = loops.world.checkpoints.values()
    one = next(each for each in found if (each.target, each.sync_status) == ("sampler", "COMPLETE"))
    return seen(Checkpoint, acme, one.id, target="sampler", name=one.name)


def download(browser: Client, checkpoint: Checkpoint, *, name: str) -> tuple[int, str]:
    here = reverse("checkpoints:download", args=[checkpoint.workspace.slug, checkpoint.remote_id])
    answer = browser.get(here, {"name": name})
    return answer.status_code, answer.get("Location", "")


def told(action: str) -> list[tuple[str, str, str]]:
    events = Event.objects.filter(action=action).order_by("pk")
    return [(each.outcome, each.target_noun, each.target_id) for each in events]


def test_a_list_taken_away(browser: Client, acme: Workspace) -> None:
    seen(Run, acme, "k4q95w5")

    browser.get(reverse("runs:list", args=[acme.slug]), {"format": "csv", "q": "k4q"})

    event = Event.objects.get()
    assert (event.action, event.outcome, event.target_noun) == ("list.export", "succeeded", "run")
    assert (event.person, event.target_name) == ("otto@example.com", "runs as CSV")
    assert event.reason == "?q=k4q&format=csv"


def test_the_audit_taken_away(browser: Client, acme: Workspace) -> None:
    browser.get(reverse("dashboard:audit", args=[acme.slug]), {"format": "csv"})

    assert told("audit.export") == [("succeeded", "audit", "")]


def test_a_link_handed_out(browser: Client, checkpoint: Checkpoint) -> None:
    status, link = download(browser, checkpoint, name="adapter_model.safetensors")

    assert status == 302
    assert told(DOWNLOAD) == [
        (outcome, "checkpoint", checkpoint.remote_id) for outcome in ("requested", "succeeded")
    ]
    assert len(set(Event.objects.filter(action=DOWNLOAD).values_list("incident"))) == 1
    assert link.partition("?")[2] not in str(list(Event.objects.values()))


@pytest.mark.parametrize("case", ["no such file", "the API is down"])
def test_a_link_that_could_not_be_had(
    case: str, browser: Client, checkpoint: Checkpoint, loops: Simulator
) -> None:
    if case == "the API is down":
        loops.fail("*", "status", count=None, status=503)

    status, link = download(browser, checkpoint, name="nothing.bin")

    assert (status, link) == (404 if case == "no such file" else 502, "")
    assert [outcome for outcome, _, _ in told(DOWNLOAD)] == ["requested", "refused"]


def test_what_cannot_be_told_is_not_asked_for(
    browser: Client,
    checkpoint: Checkpoint,
    loops: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    before = len(loops.requests)
    with monkeypatch.context() as patch:
        patch.setattr(Event, "save", full)
        patch.setattr(Event.objects, "create", full)
        status, _ = download(browser, checkpoint, name="adapter_model.safetensors")

    assert (status, len(loops.requests)) == (503, before)
