"""During API failures, pages show the snapshot, say since when and why, and recover."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import stamina
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.simulator import Simulator
from tests.personas import login_as

FAILURES: dict[str, dict[str, Any]] = {
    "errors": {"mode": "status", "status": 500, "body": {"message": "We are on fire."}},
    "a rate limit": {"mode": "rate_limit", "retry_after": 90},
    "a proxy's page": {"mode": "html"},
    "half an answer": {"mode": "truncated"},
    "no body": {"mode": "empty"},
    "a cut connection": {"mode": "reset"},
    "another shape": {"mode": "status", "status": 200, "body": ["runs"]},
    "an empty object": {"mode": "status", "status": 200, "body": {}},
}
PAGES = ("", "runs/", "samplers/", "checkpoints/", "deployments/", "sessions/")


@pytest.fixture(autouse=True)
def retry_at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def browser(vic: User) -> Client:
    return login_as(vic)


def poll(key: Key, *, now: datetime) -> None:
    poller.run_poll(PollState.objects.get(key=key).pk, clock=lambda: now)


def list_shown_ids(browser: Client, workspace: Workspace) -> dict[str, list[str]]:
    """{page: ids of its rows}."""
    found = {}
    for page in PAGES:
        response = browser.get(f"/w/{workspace.slug}/{page}")
        assert response.status_code == 200
        noun = page or r"\w+/"
        link = rf'href="/w/{workspace.slug}/{noun}([\w-]+)/"'
        found[page] = sorted(set(re.findall(link, response.content.decode())))
    return found


@pytest.mark.parametrize("failure", FAILURES)
def test_pages_stay_up_explain_and_recover(
    failure: str, key: Key, acme: Workspace, loops: Simulator, browser: Client, now: datetime
) -> None:
    poll(key, now=now)
    before = list_shown_ids(browser, acme)
    assert [len(before[page]) > 1 for page in PAGES] == [True] * len(PAGES)

    loops.add_fault("*", count=None, **FAILURES[failure])
    failed_at = now + timedelta(minutes=7)
    poll(key, now=failed_at)
    assert {p: ids for p, ids in list_shown_ids(browser, acme).items() if p} == {
        p: ids for p, ids in before.items() if p
    }
    page = browser.get(f"/w/{acme.slug}/deployments/").content.decode()
    banner = re.findall(r"The API has been failing since (.+?)</div>", page, re.DOTALL)
    assert len(banner) == 1
    times = re.findall(r'datetime="([^"]+)"', banner[0])
    assert times == [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (failed_at, now)]

    loops.clear_faults()
    poll(key, now=failed_at + timedelta(minutes=5))
    assert "has been failing" not in browser.get(f"/w/{acme.slug}/deployments/").content.decode()
    assert list_shown_ids(browser, acme)["runs/"] == before["runs/"]


def test_a_refused_key_is_shown_on_every_page(
    key: Key, acme: Workspace, loops: Simulator, browser: Client, now: datetime
) -> None:
    poll(key, now=now)
    loops.add_fault("*", "status", count=None, status=401, body={"message": "Key revoked."})
    for minutes, text in ((1, "The Loops API refused the key"), (3, "Polling with the key")):
        poll(key, now=now + timedelta(minutes=minutes))
        for page in PAGES:
            answer = browser.get(f"/w/{acme.slug}/{page}").content.decode()
            assert text in answer, page
