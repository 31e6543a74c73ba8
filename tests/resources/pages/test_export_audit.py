"""Exports and downloads are recorded in the audit before any data leaves."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Run
from loopsweb.simulator import Simulator
from tests.failing_database import FAILURES
from tests.personas import login_as
from tests.resources.rows import add_row

DOWNLOAD = "checkpoint.download"
LONG = "𠀀" * 1000  # no page of a full database has room for it


@pytest.fixture
def browser(otto: User) -> Client:
    return login_as(otto)


@pytest.fixture
def checkpoint(loops: Simulator, acme: Workspace, key: Key) -> Checkpoint:
    found = loops.world.checkpoints.values()
    one = next(each for each in found if (each.target, each.sync_status) == ("sampler", "COMPLETE"))
    return add_row(Checkpoint, acme, one.id, target="sampler", name=one.name)


def download(browser: Client, checkpoint: Checkpoint, *, name: str) -> tuple[int, str]:
    here = reverse("checkpoints:download", args=[checkpoint.workspace.slug, checkpoint.remote_id])
    answer = browser.post(here, {"name": name})
    links = re.findall(r'href="(http[^"]*)" rel="noreferrer"', answer.content.decode())
    return answer.status_code, "".join(links)


def recorded(action: str) -> list[tuple[str, str, str]]:
    events = Event.objects.filter(action=action).order_by("pk")
    return [(each.outcome, each.target_noun, each.target_id) for each in events]


def test_a_list_export_is_recorded(browser: Client, acme: Workspace) -> None:
    add_row(Run, acme, "k4q95w5")

    browser.post(reverse("runs:list", args=[acme.slug], query={"q": "k4q"}))

    event = Event.objects.get()
    assert (event.action, event.outcome, event.target_noun) == ("list.export", "succeeded", "run")
    assert (event.person, event.target_name) == ("otto@example.com", "runs as CSV")
    assert event.reason == "?q=k4q"


def test_an_audit_export_is_recorded(browser: Client, acme: Workspace) -> None:
    browser.post(reverse("dashboard:audit", args=[acme.slug]))

    assert recorded("audit.export") == [("succeeded", "audit", "")]


@pytest.mark.parametrize("name", ["runs:list", "dashboard:audit"])
def test_a_viewer_exports_ten_times_a_minute(name: str, vic: User, acme: Workspace) -> None:
    viewer, url = login_as(vic), reverse(name, args=[acme.slug])

    answers = [viewer.post(url).status_code for _ in range(150)]

    assert answers == [200] * 10 + [429] * 140
    assert Event.objects.count() == 10


@pytest.mark.parametrize("name", ["runs:list", "dashboard:audit"])
def test_a_page_exports_what_it_shows_with_its_button(
    name: str, vic: User, acme: Workspace
) -> None:
    add_row(Run, acme, "k4q95w5")
    viewer, url = login_as(vic, enforce_csrf_checks=True), reverse(name, args=[acme.slug])
    page = viewer.get(f"{url}?sort=-created").content.decode()
    [token] = re.findall(r'id="export".*?name="csrfmiddlewaretoken" value="(\w+)"', page)
    addresses = re.findall(r'form="export" formaction="([^"]+)">Download CSV', page)

    assert [viewer.post(each).status_code for each in addresses] == [403] * len(addresses)
    sent = [viewer.post(each, {"csrfmiddlewaretoken": token}) for each in addresses]

    assert [each["Content-Type"] for each in sent] == ["text/csv; charset=utf-8"] * len(addresses)


def test_a_download_is_recorded_without_its_link(browser: Client, checkpoint: Checkpoint) -> None:
    status, link = download(browser, checkpoint, name="adapter_model.safetensors")

    assert (status, "X-Amz-Signature" in link) == (200, True)
    assert recorded(DOWNLOAD) == [
        (outcome, "checkpoint", checkpoint.remote_id) for outcome in ("requested", "succeeded")
    ]
    assert len(set(Event.objects.filter(action=DOWNLOAD).values_list("incident"))) == 1
    assert link.partition("?")[2] not in str(list(Event.objects.values()))


@pytest.mark.parametrize("case", ["no such file", "the API is down"])
def test_a_failed_download_is_recorded(
    case: str, browser: Client, checkpoint: Checkpoint, loops: Simulator
) -> None:
    if case == "the API is down":
        loops.add_fault("*", "status", count=None, status=503)

    status, link = download(browser, checkpoint, name="nothing.bin")

    assert (status, link) == (404 if case == "no such file" else 502, "")
    assert [outcome for outcome, _, _ in recorded(DOWNLOAD)] == ["requested", "refused"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failure", FAILURES)
def test_no_link_is_requested_when_the_audit_cannot_be_written(
    browser: Client, checkpoint: Checkpoint, loops: Simulator, failure: str
) -> None:
    fails, _ = FAILURES[failure]
    before = len(loops.requests)
    with fails():
        status, _ = download(browser, checkpoint, name=LONG)

    assert (status, len(loops.requests)) == (503, before)
