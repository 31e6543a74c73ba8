"""The detail page of every noun."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session, StatusChange
from loopsweb.resources.snapshot.store import touch_version
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, MODELS, add_row


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def family(acme: Workspace) -> None:
    """A session with a run, its deployment, its sampler and its checkpoint."""
    add_row(Session, acme, "sess_1", origin="run")
    add_row(
        Run,
        acme,
        "run_1",
        session_remote_id="sess_1",
        deployment_remote_id="dep_1",
        sampler_remote_id="samp_1",
        status="ACTIVE",
    )
    add_row(
        Sampler,
        acme,
        "samp_1",
        run_remote_id="run_1",
        session_remote_id="sess_1",
        deployment_remote_id="dep_1",
    )
    add_row(Deployment, acme, "dep_1", active_run_remote_id="run_1", sampler_remote_id="samp_1")
    add_row(Checkpoint, acme, "chkpt_1", run_remote_id="run_1", target="trainer", name="step-100")


IDS = {
    "sessions": "sess_1",
    "runs": "run_1",
    "samplers": "samp_1",
    "deployments": "dep_1",
    "checkpoints": "chkpt_1",
}
RELATED = {
    "sessions": {"runs", "samplers", "deployments", "checkpoints"},
    "runs": {"sessions", "samplers", "deployments", "checkpoints"},
    "samplers": {"sessions", "runs", "deployments"},
    "deployments": {"runs", "samplers"},
    "checkpoints": {"runs"},
}


def url_of(noun: str, acme: Workspace) -> str:
    return reverse(f"{noun}:detail", args=[acme.slug, IDS[noun]])


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("noun", IDS)
def test_related_objects_link_to_each_other(noun: str, browser: Client, acme: Workspace) -> None:
    page = browser.get(url_of(noun, acme)).content.decode()
    linked = {other for other in IDS if other != noun and f'href="{url_of(other, acme)}"' in page}
    assert linked == RELATED[noun]


@pytest.mark.usefixtures("family", "stopped_clock")
@pytest.mark.parametrize("noun", IDS)
def test_a_detail_page_needs_few_queries_and_fewer_when_unchanged(
    noun: str, browser: Client, acme: Workspace, key: Key
) -> None:
    browser.get(url_of(noun, acme))
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(url_of(noun, acme))
    assert len(queries) <= 22
    poll = f"{url_of(noun, acme)}?v={page['Loopsweb-Version']}"
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(poll, headers={"hx-request": "true", "hx-target": "live"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(queries) <= 4


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("noun", IDS)
def test_a_change_swaps_the_live_region_and_the_freshness_bar(
    noun: str, browser: Client, acme: Workspace
) -> None:
    version = browser.get(url_of(noun, acme))["Loopsweb-Version"]
    touch_version(acme)
    headers = {"hx-request": "true", "hx-target": "live"}
    answer = browser.get(f"{url_of(noun, acme)}?v={version}", headers=headers)
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert answer.content.count(b'hx-swap-oob="true"') == 2


@pytest.mark.parametrize("noun", IDS)
def test_raw_json_is_escaped(noun: str, browser: Client, acme: Workspace) -> None:
    row = add_row(MODELS[noun], acme, IDS[noun])
    row.raw = {"odd": ["</pre><script>", None, 2**53 + 1]}
    row.save()
    page = browser.get(url_of(noun, acme)).content.decode()
    assert "9007199254740993" in page
    assert "&lt;/pre&gt;&lt;script&gt;" in page


@pytest.mark.parametrize("noun", IDS)
def test_a_missing_row_says_that_it_is_no_longer_listed(
    noun: str, browser: Client, acme: Workspace
) -> None:
    add_row(MODELS[noun], acme, IDS[noun], missing_since=FIRST_SEEN_AT)
    page = browser.get(url_of(noun, acme)).content.decode()
    assert "<strong>No longer listed.</strong>" in page
    assert "This does not mean that it stopped" in page


def test_a_status_change_shows_its_interval(browser: Client, acme: Workspace) -> None:
    add_row(Deployment, acme, "dep_1", status="RUNNING")
    StatusChange.objects.create(
        workspace=acme,
        noun="deployment",
        remote_id="dep_1",
        field="status",
        old="DEPLOYING",
        new="RUNNING",
        last_seen_old_at=FIRST_SEEN_AT,
        first_seen_new_at=FIRST_SEEN_AT + timedelta(seconds=5),
    )
    page = browser.get(url_of("deployments", acme)).content.decode()
    assert '<time datetime="2026-11-23T21:00:00Z">2026-11-23 21:00:00 UTC</time>' in page
    assert '<time datetime="2026-11-23T21:00:05Z">2026-11-23 21:00:05 UTC</time>' in page


@pytest.mark.parametrize(
    ("noun", "status"),
    [("runs", "ACTIVE"), ("samplers", "UNHEALTHY"), ("deployments", "PREEMPTED")],
)
def test_every_status_is_explained(
    noun: str, status: str, browser: Client, acme: Workspace
) -> None:
    add_row(MODELS[noun], acme, IDS[noun], status=status)
    page = browser.get(url_of(noun, acme)).content.decode()
    assert f'href="/help/statuses/#{noun}-{status.lower()}"' in page
    anchor = f'id="{noun}-{status.lower()}"'
    assert anchor in browser.get(reverse("help-statuses")).content.decode()


def test_an_unknown_status_is_shown_as_it_is(browser: Client, acme: Workspace) -> None:
    add_row(Run, acme, "run_1", status="PONDERING")
    page = browser.get(url_of("runs", acme)).content.decode()
    assert "PONDERING" in page
    assert "loopsweb does not know this status" in page
