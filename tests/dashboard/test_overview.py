from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.dashboard import attention
from loopsweb.dashboard.overview_views import Sum, shown, total
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.deployments.run_pairing import Costed
from loopsweb.resources.models import Catalogue, Checkpoint, Deployment, Sampler
from loopsweb.resources.snapshot.store import bump
from tests.personas import client_of
from tests.resources.rows import SEEN_AT, seen

NOW = SEEN_AT + timedelta(hours=1)


@pytest.fixture
def browser(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("dashboard:overview", args=[acme.slug])


def test_what_is_not_known_or_not_confirmed_is_counted_apart() -> None:
    def line(cost: Decimal | None, *, is_missing: bool = False) -> Costed:
        return Costed(Deployment(missing_since=NOW if is_missing else None), cost)

    lines = [line(Decimal("1.5")), line(None), line(Decimal(8), is_missing=True)]
    assert total(lines, lambda one: one.cost_per_hour) == Sum(Decimal("1.5"), 2)
    assert total([], lambda one: one.cost_per_hour) == Sum(0, 0)


def test_what_runs_is_what_may_hold_gpus(acme: Workspace) -> None:
    Catalogue.objects.create(workspace=acme, prices={"h100": "0.10"}, as_of=NOW)
    priced = {"instance_id": "h100", "gpu_count": 8, "node_count": 1}
    for status in ("RUNNING", "SCALED_TO_ZERO", "STOPPED", "FAILED", "PREEMPTED", "DEPLOYING"):
        seen(Deployment, acme, f"dep-{status}", status=status, **priced)
    seen(Deployment, acme, "dep-odd", status="PONDERING")
    context = shown(acme, now=NOW)
    assert [line.deployment.remote_id for line in context["lines"]] == [
        "dep-odd",
        "dep-DEPLOYING",
        "dep-RUNNING",
    ]
    assert context["gpus"] == Sum(16, 1)
    assert context["cost"] == Sum(Decimal("12.00"), 1)


def test_what_needs_a_look(acme: Workspace, key: Key) -> None:
    seen(Deployment, acme, "fine", status="RUNNING")
    seen(Deployment, acme, "failed", status="FAILED")
    seen(Deployment, acme, "old", status="FAILED", changed_at=NOW - timedelta(days=2))
    seen(Deployment, acme, "taken", status="PREEMPTED")
    seen(Deployment, acme, "gone", status="RUNNING", missing_since=SEEN_AT)
    seen(Deployment, acme, "ended", status="STOPPED", missing_since=SEEN_AT)
    seen(Sampler, acme, "ill", status="UNHEALTHY")
    long_ago, lately = NOW - timedelta(minutes=31), NOW - timedelta(minutes=29)
    seen(Checkpoint, acme, "stuck", sync_status="SYNCING", created_at=long_ago)
    seen(Checkpoint, acme, "new", sync_status="SYNCING", created_at=lately)
    key.mark(KeyState.REFUSED, "The API does not know it.", now=NOW)
    found = {item.name: item.tone for item in attention.items(acme, now=NOW)}
    assert found == {
        str(key): "bad",
        "failed": "bad",
        "taken": "warn",
        "gone": "warn",
        "ill": "warn",
        "stuck": "warn",
    }


def test_absence_is_not_called_stopped(acme: Workspace) -> None:
    seen(Deployment, acme, "gone", status="RUNNING", missing_since=SEEN_AT)
    [item] = attention.items(acme, now=NOW)
    assert item.what == (
        "Deployment not in the API's answers. It may have ended, or gone out of sight."
    )


def test_nothing_is_called_none_before_it_was_read(
    browser: Client, url: str, acme: Workspace, key: Key
) -> None:
    key.poll_state.feeds = {}
    key.poll_state.save()
    page = browser.get(url).content.decode()
    assert "Nothing holds GPUs" not in page
    assert "None saved yet" not in page
    assert ">0<" not in page


def test_it_costs_the_same_for_any_number_of_things(
    browser: Client, url: str, acme: Workspace, key: Key
) -> None:
    browser.get(url)
    counts = []
    for count in (1, 3, 10):
        for n in range(count):
            seen(Deployment, acme, f"dep-{count}-{n}", status="RUNNING")
            seen(Checkpoint, acme, f"chkpt-{count}-{n}", sync_status="SYNCING")
        bump(acme)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        counts.append(len(queries))
    assert len(set(counts)) == 1


def test_an_unchanged_poll_is_a_204_within_the_same_minute(browser: Client, url: str) -> None:
    def polls() -> list[int]:
        version = browser.get(url)["Loopsweb-Version"]
        answer = browser.get(f"{url}?v={version}", headers={"hx-request": "true"})
        return [answer.status_code, len(answer.content)]

    assert [204, 0] in (polls(), polls())


def test_an_outsider_finds_nothing(mallory: User, url: str) -> None:
    assert client_of(mallory).get(url).status_code == 404
