"""The metrics page: the real client asks the simulated API."""

from __future__ import annotations

import csv
import gzip
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi
from tests.loops_api.scripted_server import ScriptedServer
from tests.personas import login_as
from tests.resources.rows import add_row

ROUTE = "POST /v1/loops/deployments/{deployment_id}/metrics"
NOW = datetime(2026, 11, 23, 21, 17, tzinfo=UTC)
PART = {"hx-request": "true", "hx-target": "metrics"}


@pytest.fixture
def browser(vic: User, key: Key) -> Client:
    return login_as(vic)


@pytest.fixture
def url(acme: Workspace, loops: Simulator, key: Key) -> str:
    """Of the metrics of the deployment `d` of two nodes, which worked until an hour ago."""
    loops.world.clear()
    d = loops.world.add_deployment(id="d", node_count=2, created_at=NOW - timedelta(days=8))
    d.idle_since = NOW - timedelta(hours=1)
    add_row(Deployment, acme, "d")
    loops.requests.clear()
    return reverse("metrics-deployments", args=[acme.slug, "d"])


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def ask(browser: Client, url: str, **query: Any) -> str:
    answer = browser.get(f"{url}?{urlencode(query)}", headers=PART)
    assert answer.status_code == 200
    return answer.content.decode()


def list_headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_the_page_does_not_wait_for_the_api(browser: Client, url: str, loops: Simulator) -> None:
    page = browser.get(url).content.decode()
    assert "Asking the Loops API" in page
    assert f'hx-get="{url}?window=1h"' in page
    assert list(loops.requests) == []


def test_every_metric_has_a_picture_and_a_table(browser: Client, url: str) -> None:
    page = ask(browser, url, window="6h")
    assert list_headings(page) == [
        "GPU utilisation, mean of each node",
        "GPU memory, mean of each node",
        "CPU",
        "Memory",
        "Ephemeral storage",
        "Ephemeral storage used",
        "Requests",
        "Requests by status",
        "Requests at the same time",
        "Response time",
    ]
    assert page.count("As a table") == 10
    assert 'Last sign of work <time datetime="2026-11-23T20:20:00Z">' in page
    assert "asked at" in page.lower()


def test_a_node_shows_its_gpus(browser: Client, url: str, loops: Simulator) -> None:
    page = ask(browser, url, node="d-1")
    count = loops.world.deployments["d"].instance_type.gpu_count
    names = [f"GPU {rank}" for rank in range(count)]
    [table] = re.findall(r"GPU utilisation in % of a GPU</caption>(.*?)</thead>", page, re.DOTALL)
    assert re.findall(r'class="right">(.*?)</th>', table) == names
    assert "No sign of work in this span" in page
    assert list_headings(page)[0] == "GPU utilisation"


@pytest.mark.parametrize(("count", "rows"), [(2, 0), (4, 0), (8, 8)])
def test_many_gpus_have_a_row_each(
    count: int, rows: int, browser: Client, url: str, loops: Simulator
) -> None:
    d = loops.world.deployments["d"]
    d.instance_type = replace(d.instance_type, gpu_count=count)
    page = ask(browser, url, node="d-1")
    labels = re.findall(r'class="value"[^>]*>(GPU \d+)</text>', page)
    assert labels == [f"GPU {rank}" for rank in range(rows)] * 2  # of utilisation and of memory
    assert page.count("Each row goes from 0 to ") == (2 if rows else 0)


def test_the_step_follows_the_span(browser: Client, url: str, loops: Simulator) -> None:
    for span, step in (("15m", "15\xa0s"), ("24h", "15\xa0min"), ("7d", "2\xa0h")):
        assert f"a value about every {step}." in ask(browser, url, window=span)
    page = ask(browser, url, **{"from": "2026-11-20T00:00", "to": "2026-11-20T02:00"})
    assert "2026-11-20 02:00:00 UTC</time></figcaption>" in page


def test_the_csv_has_every_value_and_is_recorded(browser: Client, url: str) -> None:
    answer = browser.post(f"{url}?window=6h")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert {"time", "node", "metric", "name", "value"} == set(rows[0])
    assert {row["node"] for row in rows} == {"", "d-0", "d-1"}
    assert Event.objects.get(action="deployment.export_metrics").answer == {
        "from": "2026-11-23T15:17:00Z",
        "to": "2026-11-23T21:17:00Z",
    }


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"mode": "rate_limit"}, "too many requests"),
        ({"mode": "status", "status": 500}, "internal error"),
        ({"mode": "status", "status": 404}, "This server does not offer metrics."),
        ({"mode": "status", "status": 405}, "This server does not offer metrics."),
        ({"mode": "truncated"}, "cannot be read"),
    ],
    ids=str,
)
def test_a_failure_is_said_in_words(
    browser: Client, url: str, loops: Simulator, fault: dict[str, Any], said: str
) -> None:
    loops.add_fault(ROUTE, **fault)
    page = ask(browser, url)
    assert said in page
    assert "Ask again" in page


def test_a_wrong_span_is_400(browser: Client, url: str, loops: Simulator) -> None:
    answer = browser.get(f"{url}?from=2026-11-01T00:00")
    assert answer.status_code == 400
    assert "at most 7 days" in answer.content.decode()
    assert list(loops.requests) == []


def test_what_the_api_does_not_document_is_shown_under_its_name(
    browser: Client, url: str, connect_api: ConnectApi
) -> None:
    point = {"timestamp": "2026-11-23T21:00:00Z", "value": 3.25}
    server = ScriptedServer()
    answer = {"deployment_id": "d", "metrics": {"nvlink_<b>": [point], "cpu_usage": "x"}}
    server.set_responses("POST /v1/loops/deployments/d/metrics", answer)
    connect_api(httpx.WSGITransport(app=server))
    page = ask(browser, url)
    assert list_headings(page) == ["nvlink_&lt;b&gt;"]
    assert "Whether it worked is unknown" in page
    assert "No sign of work" not in page


def test_nothing_is_an_empty_page(browser: Client, url: str) -> None:
    page = ask(browser, url, **{"from": "2026-11-01T00:00", "to": "2026-11-01T02:00"})
    assert "No values in this span" in page


def test_a_page_is_small(browser: Client, url: str, loops: Simulator) -> None:
    loops.world.deployments["d"].node_count = 4
    page = browser.get(f"{url}?load=now&window=15m").content
    assert len(gzip.compress(page, 6)) < 50_000
