from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import record_event
from loopsweb.dashboard import attention
from loopsweb.dashboard.activity import list_recent_activity
from loopsweb.dashboard.idle_costs import find_costliest_idle
from loopsweb.dashboard.overview_views import build_overview
from loopsweb.dashboard.totals import Total
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.figures.refresh import refresh_everything
from loopsweb.resources.models import Catalogue, Checkpoint, Deployment, Sampler, StatusChange
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.snapshot.store import touch_version
from tests.keys.factory import create_key
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row

NOW = FIRST_SEEN_AT + timedelta(hours=1)


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("dashboard:overview", args=[acme.slug])


def test_running_deployments_are_those_that_may_use_gpus(acme: Workspace) -> None:
    Catalogue.objects.create(workspace=acme, prices={"h100": "0.10"}, as_of=NOW)
    priced = {"instance_id": "h100", "gpu_count": 8, "node_count": 1}
    for status in ("RUNNING", "SCALED_TO_ZERO", "STOPPED", "FAILED", "PREEMPTED", "DEPLOYING"):
        add_row(Deployment, acme, f"dep-{status}", status=status, **priced)
    add_row(Deployment, acme, "dep-odd", status="PONDERING")
    refresh_everything(acme)
    context = build_overview(acme, load_freshness(acme), now=NOW)
    assert [line.deployment.remote_id for line in context["lines"]] == [
        "dep-odd",
        "dep-DEPLOYING",
        "dep-RUNNING",
    ]
    assert context["spending"].gpus == Total(16, 3)
    assert context["spending"].cost == Total(Decimal("12.00"), 3)
    assert context["spending"].sources == {"API prices": Decimal(12)}
    assert (context["running"].reported, context["scaled_to_zero"].reported) == (3, 1)


@pytest.mark.parametrize(
    ("worked", "said"),
    [
        (
            {"worked_at": NOW - timedelta(minutes=69), "worked_sign": "gpu"},
            "work up to 31\xa0min",
        ),
        ({}, ""),
        ({"metrics_as_of": None}, "work after it unknown"),
    ],
)
def test_what_idles_shows_the_work_after_its_checkpoint(
    acme: Workspace, worked: dict[str, Any], said: str
) -> None:
    saved_at = NOW - timedelta(minutes=100)
    idle = {"status": "RUNNING", "last_work_at": saved_at, "latest_run_remote_id": "r"}
    add_row(Deployment, acme, "d", **(idle | {"metrics_as_of": NOW} | worked))
    saved = {"run_remote_id": "r", "target": "trainer", "sync_status": "COMPLETE"}
    add_row(Checkpoint, acme, "c", created_at=saved_at, **saved)
    lines = find_costliest_idle(acme, until=NOW)
    given = {"idle_lines": lines, "workspace": acme, "deployments_feed": {}}
    page = render_to_string("dashboard/_idle.html", given)
    phrases = ("work up to 31\xa0min", "work after it unknown")
    assert [each for each in phrases if each in page] == ([said] if said else [])


def test_what_needs_attention(acme: Workspace, key: Key) -> None:
    add_row(Deployment, acme, "fine", status="RUNNING")
    add_row(Deployment, acme, "failed", status="FAILED")
    add_row(Deployment, acme, "old", status="FAILED", changed_at=NOW - timedelta(days=2))
    add_row(Deployment, acme, "taken", status="PREEMPTED")
    add_row(Deployment, acme, "gone", status="RUNNING", missing_since=FIRST_SEEN_AT)
    add_row(Deployment, acme, "ended", status="STOPPED", missing_since=FIRST_SEEN_AT)
    add_row(Sampler, acme, "ill", status="UNHEALTHY")
    long_ago, lately = NOW - timedelta(minutes=31), NOW - timedelta(minutes=29)
    add_row(Checkpoint, acme, "stuck", sync_status="SYNCING", created_at=long_ago)
    add_row(Checkpoint, acme, "new", sync_status="SYNCING", created_at=lately)
    key.set_state(KeyState.REFUSED, "The API does not know it.", now=NOW)
    found = {item.name: item.tone for item in attention.find_attention_items(acme, now=NOW)}
    assert found == {
        str(key): "bad",
        "failed": "bad",
        "taken": "warn",
        "gone": "warn",
        "ill": "warn",
        "stuck": "warn",
    }


def test_what_needs_attention_is_grouped_by_kind(
    acme: Workspace, browser: Client, url: str
) -> None:
    now = timezone.now()
    for number in range(7):
        add_row(Deployment, acme, f"dep-{number}", status="FAILED", changed_at=now)
    add_row(Deployment, acme, "taken", status="PREEMPTED", changed_at=now)
    groups = attention.group_items(attention.find_attention_items(acme, now=now))
    assert [(len(one.items), len(one.shown), one.hidden) for one in groups] == [
        (7, 5, 2),
        (1, 1, 0),
    ]
    create_key(User.objects.get(), acme)
    text = browser.get(url).content.decode()
    assert "7 deployments FAILED." in text
    assert "and 2 more" in text


def test_activity_starts_with_what_people_did_and_collapses_the_rest(acme: Workspace) -> None:
    record_event(workspace="acme", person="alice", action="a.b", outcome="succeeded", now=NOW)
    for number in range(14):
        StatusChange.objects.create(
            workspace=acme, noun="checkpoint", remote_id=str(number), old="SYNCING",
            new="COMPLETE", first_seen_new_at=NOW + timedelta(minutes=number + 1),
        )  # fmt: skip
    items = list_recent_activity(acme, limit=12)
    assert [(item.is_act, item.number) for item in items] == [(True, 1), (False, 14)]


def test_a_missing_deployment_is_not_called_stopped(acme: Workspace) -> None:
    add_row(Deployment, acme, "gone", status="RUNNING", missing_since=FIRST_SEEN_AT)
    [item] = attention.find_attention_items(acme, now=NOW)
    assert item.text == (
        "Deployment no longer listed by the API. It may have ended or be out of reach."
    )


def test_nothing_is_shown_as_zero_before_the_first_poll(
    browser: Client, url: str, acme: Workspace, key: Key
) -> None:
    key.poll_state.feeds = {}
    key.poll_state.save()
    page = browser.get(url).content.decode()
    assert "has no deployment that uses GPUs" not in page
    assert "No checkpoints yet" not in page
    assert ">0<" not in page


def test_the_number_of_queries_is_constant(
    browser: Client, url: str, acme: Workspace, key: Key
) -> None:
    browser.get(url)
    counts = []
    for count in (1, 3, 10):
        for n in range(count):
            add_row(Deployment, acme, f"dep-{count}-{n}", status="RUNNING")
            add_row(Checkpoint, acme, f"chkpt-{count}-{n}", sync_status="SYNCING")
        touch_version(acme)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        counts.append(len(queries))
    assert len(set(counts)) == 1


@pytest.mark.usefixtures("stopped_clock")
def test_an_unchanged_poll_returns_204_within_the_same_minute(browser: Client, url: str) -> None:
    version = browser.get(url)["Loopsweb-Version"]
    answer = browser.get(f"{url}?v={version}", headers={"hx-request": "true"})
    assert (answer.status_code, answer.content) == (204, b"")


def test_non_members_get_404(mallory: User, url: str) -> None:
    assert login_as(mallory).get(url).status_code == 404


def test_advice_takes_no_checkpoint_for_granted() -> None:
    hedges = ("if any", "if there is", "if it has")
    about = [one.advice for one in (*DEPLOYMENT, *RUN) if "trainer checkpoint" in one.advice]
    assert [any(hedge in each for hedge in hedges) for each in about] == [True] * 4


def test_the_list_of_deployments_says_that_ended_ones_are_in_it(
    browser: Client, acme: Workspace
) -> None:
    page = browser.get(reverse("deployments:list", args=[acme.slug])).content.decode()
    assert "Training pairs (trainer and sampler), live and ended" in page
