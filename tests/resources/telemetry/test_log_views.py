"""The logs pages: the real client asks the simulated API."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.accounts.rate_limits import RATES
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deployment, Sampler
from loopsweb.resources.telemetry import log_pages
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi
from tests.loops_api.scripted_server import ScriptedServer
from tests.personas import login_as
from tests.resources.rows import add_row

ROUTE = "GET /v1/loops/deployments/{deployment_id}/logs"
NOW = datetime(2026, 11, 23, 21, 17, tzinfo=UTC)
LINES = {"hx-request": "true", "hx-target": "lines"}
TAIL = {"hx-request": "true", "hx-target": "tail"}
SIGNATURE = "5f1b" * 16
SECRETS = (
    f"PUT https://bucket.s3.amazonaws.com/x?X-Amz-Signature={SIGNATURE}",
    "api_key=\x1b[32mabcdefgh12345678\x1b[0m",
    "key abcd1234.ABCDEFGHIJKLMNOPQRSTUVWXYZ012345 is used",
    "Authorization: Api-Key ab\u200bcd.secretsecret",
)


def line(message: str, at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    sent = {"message": message, "replica": "d-0", "level": "INFO"}
    return sent | {"timestamp": f"{int(at.timestamp())}000000000"} | fields


@pytest.fixture
def browser(otto: User, key: Key) -> Client:
    return login_as(otto)


@pytest.fixture
def url(acme: Workspace, loops: Simulator, key: Key) -> str:
    """Of the logs of the deployment `d`, which is a week old."""
    loops.world.clear()
    loops.world.add_deployment(id="d", created_at=loops.world.now - timedelta(days=8))
    add_row(Deployment, acme, "d")
    loops.requests.clear()
    return reverse("logs-deployments", args=[acme.slug, "d"])


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def ask(browser: Client, url: str, **query: Any) -> str:
    answer = browser.get(f"{url}?{urlencode(query)}", headers=LINES)
    assert answer.status_code == 200
    return answer.content.decode()


def read_lines(page: str) -> list[str]:
    """The text of each line."""
    items = re.findall(r"<li[^>]*>(<time>.*?)</li>", page, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", item)) for item in items]


def find_link(page: str, label: str) -> dict[str, str]:
    found = re.search(
        rf'href="([^"]*)"[^>]*>(?:<svg(?:(?!</svg>).)*</svg>)?{label}', page, re.DOTALL
    )
    assert found is not None, label
    query = unescape(found[1]).partition("?")[2].partition("#")[0]
    return dict(parse_qsl(query))


def test_the_page_does_not_wait_for_the_api(browser: Client, url: str, loops: Simulator) -> None:
    page = browser.get(url).content.decode()
    assert "Asking the Loops API" in page
    assert f'hx-get="{url}?window=30m"' in page
    assert 'href="/w/acme/deployments/" aria-current="page"' in page
    assert list(loops.requests) == []


def test_lines_are_asked_for_and_say_when(browser: Client, url: str, loops: Simulator) -> None:
    page = ask(browser, url)
    lines = read_lines(page)
    assert (len(lines), len(list(loops.requests))) == (361, 1)
    assert lines == sorted(lines)
    assert lines[-1].startswith("2026-11-23 21:17:00.000")
    assert "asked at" in page


def test_lines_have_the_zone_of_the_page(browser: Client, url: str) -> None:
    browser.cookies[settings.ZONE_COOKIE_NAME] = "America/New_York"
    assert read_lines(ask(browser, url))[-1].startswith("2026-11-23 16:17:00.000")


def test_without_javascript_the_page_waits(browser: Client, url: str) -> None:
    page = browser.get(f"{url}?load=now").content.decode()
    assert len(read_lines(page)) == 361


def test_older_and_newer_pages_have_every_line_once(browser: Client, url: str) -> None:
    query = {"from": "2026-11-23T18:50", "to": "2026-11-23T21:17"}
    pages: list[list[str]] = []
    while True:
        page = ask(browser, url, **query)
        pages.insert(0, read_lines(page))
        if "Older" not in page:
            break
        query = find_link(page, "Older")
    lines = [one for page in pages for one in page]
    assert (len(lines), len({one[:23] for one in lines})) == (1765, 1765)
    assert lines == sorted(lines)
    forward = find_link(page, "Newer")
    assert read_lines(ask(browser, url, **forward))[0] == lines[len(pages[0])]


def test_a_time_can_be_jumped_to_also_outside_the_span(browser: Client, url: str) -> None:
    lines = read_lines(ask(browser, url, window="30m", at="2026-11-20T03:00"))
    assert lines[0].startswith("2026-11-20 03:00:00.000")
    assert lines[-1].startswith("2026-11-20 03:30:00.000")


def test_hits_are_counted_and_jumped_to(browser: Client, url: str) -> None:
    page = ask(browser, url, q="GRADIENT norm", level="WARNING", window="1h")
    lines = read_lines(page)
    count = len(lines)
    assert count > 1
    assert f'Hit <span data-hit-number>{count}</span> of <span data-hits="{count}">' in page
    assert page.count("<mark>gradient norm</mark>") == count
    query = find_link(page, "Next hit")
    assert query["hit"] == "1"
    jumped = ask(browser, url, **query)
    assert 'data-hit="1" id="hit"' in jumped


def test_a_search_reads_all_of_a_span_and_says_how_far(
    browser: Client, url: str, loops: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "MAX_CALLS", 2)
    page = ask(browser, url, q="loss", window="24h")
    assert len(list(loops.requests)) == 2
    assert "in 1,998 lines, back to 2026-11-23 18:30:30 UTC" in re.sub(r"<[^>]+>", "", page)
    older = find_link(page, "Search further back")
    assert (older["from"], older["to"][:19]) == ("2026-11-22T21:17:00Z", "2026-11-23T18:30:30")


def test_only_lines_with_hits(browser: Client, url: str) -> None:
    page = ask(browser, url, q="clipped", only="hits", window="1h")
    assert {one.endswith("clipped") or "clipped" in one for one in read_lines(page)} == {True}


def test_secrets_in_lines_are_removed(browser: Client, url: str, loops: Simulator) -> None:
    loops.world.deployments["d"].logs = [line(text) for text in SECRETS]
    page = ask(browser, url)
    file = b"".join(browser.post(url)).decode()
    for text in (page, file):
        assert text.count("[redacted]") == 4
        for secret in (SIGNATURE, "abcdefgh12345678", "ABCDEFGHIJKLMNOP", "secretsecret"):
            assert secret not in text
    assert "No hits" in ask(browser, url, q=SIGNATURE)


def test_what_cannot_be_seen_is_shown(browser: Client, url: str, loops: Simulator) -> None:
    loops.world.deployments["d"].logs = [
        line("\x1b[31mred\x1b[0m \u202egnp.exe\x00\x7f <script>alert(1)</script>\n\tat x")
    ]
    [shown] = read_lines(ask(browser, url))
    assert "\u241b[31mred\u241b[0m \u27e8U+202E\u27e9gnp.exe\ufffd\u2421 <script>" in shown
    assert "</script>\n\tat x" in shown


def test_a_long_line_says_how_much_is_not_shown(
    browser: Client, url: str, loops: Simulator
) -> None:
    loops.world.deployments["d"].logs = [line("x" * 50_000)]
    [shown] = read_lines(ask(browser, url))
    assert shown.endswith("… and 46,000 more characters, in the download")
    assert "x" * 50_000 in b"".join(browser.post(url)).decode()


def test_the_tail_brings_what_is_new(browser: Client, url: str, loops: Simulator) -> None:
    since = re.findall(r'data-since="(\d+)"', ask(browser, url))[0]
    assert int(since) == (NOW.timestamp() - 10) * 1000
    answer = browser.get(f"{url}?since={since}", headers=TAIL)
    assert [one[11:19] for one in read_lines(answer.content.decode())] == [
        "21:16:50",
        "21:16:55",
        "21:17:00",
    ]
    assert answer["Loopsweb-Log-Since"] == since


def test_a_failing_tail_says_why(browser: Client, url: str, loops: Simulator) -> None:
    loops.add_fault(ROUTE, mode="rate_limit", retry_after=7)
    answer = browser.get(f"{url}?since=1", headers=TAIL)
    assert answer.status_code == 502
    assert answer.content.decode() == (
        "This API key has sent too many requests to the Loops API. Wait 7 seconds, then try again."
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"mode": "rate_limit"}, "too many requests"),
        ({"mode": "status", "status": 500}, "internal error"),
        ({"mode": "status", "status": 404}, "This server does not offer logs."),
        ({"mode": "status", "status": 405}, "This server does not offer logs."),
        ({"mode": "html", "status": 200}, "cannot be read"),
        ({"mode": "truncated"}, "cannot be read"),
        ({"mode": "empty"}, "cannot be read"),
        ({"mode": "status", "status": 403}, "lacks the scope"),
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


def test_a_slow_api_is_said_to_be_slow(browser: Client, url: str, connect_api: ConnectApi) -> None:
    def wait(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    connect_api(httpx.MockTransport(wait))
    assert "did not answer in time" in ask(browser, url)
    assert browser.get(url).status_code == 200


def test_a_deployment_that_is_not_found_is_told_from_a_route_that_is_not(
    browser: Client, url: str, loops: Simulator
) -> None:
    loops.world.clear()
    assert "does not find d" in ask(browser, url)
    loops.add_fault(ROUTE, mode="status", status=404)
    loops.add_fault("GET *", mode="status", status=500)
    assert "Either it does not offer logs, or" in ask(browser, url)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"window": "9y"}, "Choose one of 15m"),
        ({"from": "yesterday"}, "Write a time in UTC"),
        ({"from": "2026-11-01T00:00"}, "at most 7 days"),
        ({"from": "2026-11-23T20:00", "to": "2026-11-23T19:00"}, "Begin before the end"),
        ({"at": "2027-01-01T00:00"}, "has not come yet"),
        ({"to": "0001-01-01T00:00"}, "Write a time in UTC"),
        ({"level": "LOUD"}, "Choose one of DEBUG"),
        ({"q": "x" * 201}, "at most 200 characters"),
    ],
)
def test_a_wrong_parameter_is_400_and_kept(
    browser: Client, url: str, loops: Simulator, query: dict[str, str], said: str
) -> None:
    answer = browser.get(f"{url}?{urlencode(query)}")
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert list(loops.requests) == []
    assert ask(browser, url, **query).count("Nothing was asked.") == 1


def test_the_download_names_its_span_and_is_recorded(
    browser: Client, otto: User, url: str, loops: Simulator
) -> None:
    answer = browser.post(f"{url}?window=6h&level=WARNING")
    assert Event.objects.get(action="deployment.export_logs").answer == {
        "from": "2026-11-23T15:17:00Z",
        "to": "2026-11-23T21:17:00Z",
        "level": "WARNING",
    }
    lines = b"".join(answer).decode().splitlines()
    assert lines[0] == (
        "# Logs of deployment d, 2026-11-23T15:17:00Z to 2026-11-23T21:17:00Z, level WARNING."
    )
    assert lines[-1] == f"# End of the window: {len(lines) - 3} lines."
    assert answer["Content-Disposition"] == (
        'attachment; filename="logs-d-20261123T151700Z-20261123T211700Z.txt"'
    )


def test_a_download_says_what_it_lacks(browser: Client, url: str, loops: Simulator) -> None:
    answer = browser.post(f"{url}?window=6h")
    lines = iter(answer)
    for _ in range(3):
        next(lines)
    loops.add_fault(ROUTE, mode="status", status=500)
    last = list(lines)[-1].decode()
    assert last.startswith("# From 2026-11-23T16:40:15Z on, lines are missing: ")


def test_viewers_may_not_read_logs(vic: User, acme: Workspace, url: str) -> None:
    viewer = login_as(vic)
    assert viewer.get(url).status_code == 403
    assert viewer.post(url).status_code == 403
    assert Event.objects.get(outcome="denied").action == "deployment.view_logs"
    page = viewer.get(reverse("deployments:detail", args=[acme.slug, "d"])).content.decode()
    assert url not in page


def test_one_tab_cannot_storm_the_api(
    browser: Client, url: str, loops: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RATES, "ask_api", "3/m/user")
    answers = [browser.get(f"{url}?since={NOW:%s}000", headers=TAIL) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert "3 times a minute" in answers[-1].content.decode()
    assert len(list(loops.requests)) == 3


def test_samplers_have_logs(browser: Client, acme: Workspace, loops: Simulator) -> None:
    made = loops.world.add_sampler(id="s", created_at=loops.world.now - timedelta(hours=2))
    ids = {"model_id": made.model_id, "deployment_remote_id": made.deployment_id}
    add_row(Sampler, acme, "s", **ids)
    add_row(Sampler, acme, "bare")
    row = add_row(Sampler, acme, "serverless")
    Sampler.objects.filter(pk=row.pk).update(raw={"model_id": None})
    pages = {
        name: ask(browser, reverse("logs-samplers", args=[acme.slug, name]))
        for name in ("s", "bare", "serverless")
    }
    assert len(read_lines(pages["s"])) == 361
    assert "has not said which model and deployment" in pages["bare"]
    assert "This sampler is serverless" in pages["serverless"]


def test_a_full_page_is_small(browser: Client, url: str) -> None:
    page = browser.get(f"{url}?load=now&window=24h").content
    assert len(read_lines(page.decode())) == 999
    assert len(gzip.compress(page, 6)) < 50_000


@pytest.mark.parametrize("body", [b'{"logs": [1, null, {}, {"timestamp": "x"}]}', b'{"logs": {}}'])
def test_garbage_is_no_server_error(
    browser: Client, url: str, connect_api: ConnectApi, body: bytes
) -> None:
    server = ScriptedServer()
    server.set_responses("GET /v1/loops/deployments/d/logs", body)
    connect_api(httpx.WSGITransport(app=server))
    assert read_lines(ask(browser, url)) == []
