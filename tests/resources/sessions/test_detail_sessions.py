"""My script died and all I have is a session id."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.resources.snapshot.store import bump
from tests.personas import client_of
from tests.resources.rows import SEEN_AT, seen


@pytest.fixture
def browser(otto: User) -> Client:
    return client_of(otto)


@pytest.fixture
def url(acme: Workspace) -> str:
    seen(Session, acme, "sess_1", origin="run")
    return reverse("sessions:detail", args=[acme.slug, "sess_1"])


def run_of_session(acme: Workspace, n: int, *, status: str) -> Run:
    dep = f"dep_{n}"
    run_status = "ACTIVE" if status == "RUNNING" else "INACTIVE"
    seen(Deployment, acme, dep, status=status, active_run_remote_id=f"run_{n}")
    fields = {"session_remote_id": "sess_1", "deployment_remote_id": dep, "status": run_status}
    return seen(Run, acme, f"run_{n}", **fields)


def saved(acme: Workspace, remote_id: str, run: Run, minutes: int, **fields: str) -> Checkpoint:
    known = {"run_remote_id": run.remote_id, "name": remote_id, "target": "trainer"}
    known |= {"sync_status": "COMPLETE"} | fields
    created_at = SEEN_AT + timedelta(minutes=minutes)
    return seen(Checkpoint, acme, remote_id, **known, created_at=created_at)


def test_it_says_what_runs_what_is_saved_and_how_to_stop_it(
    browser: Client, acme: Workspace, url: str
) -> None:
    run = run_of_session(acme, 1, status="RUNNING")
    ended = run_of_session(acme, 2, status="STOPPED")
    saved(acme, "step-1", run, 1)
    newest = saved(acme, "step-2", run, 2)
    saved(acme, "step-3", run, 3, sync_status="SYNCING")
    saved(acme, "step-4", run, 4, target="sampler")
    saved(acme, "old-1", ended, 0)
    seen(Sampler, acme, "samp_alone", session_remote_id="sess_1")
    page = browser.get(url).content.decode()
    assert "<strong>1 run may still be going.</strong>" in page
    assert newest.uri in page
    assert "bt://loops:run_1/weights/step-3" not in page
    assert ">3 saved</a>" in page
    assert "1 syncing" in page
    stop = reverse("deactivations:new", args=[acme.slug, "deployments", "dep_1"])
    assert f'href="{stop}"' in page
    assert reverse("deactivations:new", args=[acme.slug, "deployments", "dep_2"]) not in page
    assert "ending a run leaves it running" in page


def test_when_nothing_runs_it_does_not_tell_how_to_stop_it(
    browser: Client, acme: Workspace, url: str
) -> None:
    run_of_session(acme, 1, status="STOPPED")
    page = browser.get(url).content.decode()
    assert "No run of this session is going, as far as the API says." in page
    assert "To stop it," not in page


def test_a_run_whose_state_is_unknown_counts_as_running(
    browser: Client, acme: Workspace, url: str
) -> None:
    seen(Run, acme, "run_1", session_remote_id="sess_1")
    assert "1 run may still be going." in browser.get(url).content.decode()


def test_a_session_without_runs_says_that_it_does_not_know(browser: Client, url: str) -> None:
    page = browser.get(url).content.decode()
    assert "No run of this session has been in any answer read here." in page


def test_the_queries_do_not_grow_with_the_runs(browser: Client, acme: Workspace, url: str) -> None:
    counts = []
    for n in range(3):
        saved(acme, f"step-{n}", run_of_session(acme, n, status="RUNNING"), n)
        bump(acme)
        browser.get(url)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        counts.append(len(queries))
    assert len(set(counts)) == 1
