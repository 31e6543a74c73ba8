"""The page of a session, for a person whose script died."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.resources.snapshot.store import touch_version
from tests.long_text import join_long_text
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row


@pytest.fixture
def browser(otto: User) -> Client:
    return login_as(otto)


@pytest.fixture
def url(acme: Workspace) -> str:
    add_row(Session, acme, "sess_1", origin="run")
    return reverse("sessions:detail", args=[acme.slug, "sess_1"])


def run_of_session(acme: Workspace, n: int, *, status: str) -> Run:
    dep = f"dep_{n}"
    run_status = "ACTIVE" if status == "RUNNING" else "INACTIVE"
    add_row(Deployment, acme, dep, status=status, active_run_remote_id=f"run_{n}")
    fields = {"session_remote_id": "sess_1", "deployment_remote_id": dep, "status": run_status}
    return add_row(Run, acme, f"run_{n}", **fields)


def saved(acme: Workspace, remote_id: str, run: Run, minutes: int, **fields: str) -> Checkpoint:
    known = {"run_remote_id": run.remote_id, "name": remote_id, "target": "trainer"}
    known |= {"sync_status": "COMPLETE"} | fields
    created_at = FIRST_SEEN_AT + timedelta(minutes=minutes)
    return add_row(Checkpoint, acme, remote_id, **known, created_at=created_at)


def test_the_page_shows_what_runs_what_is_saved_and_how_to_stop_it(
    browser: Client, acme: Workspace, url: str
) -> None:
    run = run_of_session(acme, 1, status="RUNNING")
    ended = run_of_session(acme, 2, status="STOPPED")
    saved(acme, "step-1", run, 1)
    newest = saved(acme, "step-2", run, 2)
    saved(acme, "step-3", run, 3, sync_status="SYNCING")
    saved(acme, "step-4", run, 4, target="sampler")
    saved(acme, "old-1", ended, 0)
    add_row(Sampler, acme, "samp_alone", session_remote_id="sess_1")
    page = join_long_text(browser.get(url).content.decode())
    assert "<strong>1 run may still be running.</strong>" in page
    assert newest.uri in page
    assert "bt://loops:run_1/weights/step-3" not in page
    assert '>2 to resume from</a><span class="two">1 to sample from</span>' in page
    assert "1 syncing" in page
    stop = reverse("deactivations:new", args=[acme.slug, "deployments", "dep_1"])
    assert f'href="{stop}"' in page
    assert reverse("deactivations:new", args=[acme.slug, "deployments", "dep_2"]) not in page
    assert "it keeps running when a run is deactivated" in page


def test_a_session_without_active_runs_offers_nothing_to_stop(
    browser: Client, acme: Workspace, url: str
) -> None:
    run_of_session(acme, 1, status="STOPPED")
    page = browser.get(url).content.decode()
    assert "No run of this session is running, according to the API." in page
    assert "To stop it," not in page


def test_a_run_with_unknown_status_counts_as_running(
    browser: Client, acme: Workspace, url: str
) -> None:
    add_row(Run, acme, "run_1", session_remote_id="sess_1")
    assert "1 run may still be running." in browser.get(url).content.decode()


def test_a_session_without_runs_says_that_none_were_reported(browser: Client, url: str) -> None:
    page = browser.get(url).content.decode()
    assert "The API has not reported a run of this session yet." in page


def test_the_number_of_queries_does_not_depend_on_the_runs(
    browser: Client, acme: Workspace, url: str
) -> None:
    counts = []
    for n in range(3):
        saved(acme, f"step-{n}", run_of_session(acme, n, status="RUNNING"), n)
        touch_version(acme)
        browser.get(url)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        counts.append(len(queries))
    assert len(set(counts)) == 1
