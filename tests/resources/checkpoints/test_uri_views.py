"""A URI that is not in the snapshot is looked up in the API, by a request of its own."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import datetime
from html import unescape

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from loopsweb.accounts import rate_limits
from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Run
from loopsweb.resources.pages import live_calls
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi
from tests.long_text import join_long_text
from tests.personas import login_as
from tests.resources.rows import add_row

URI = "bt://loops:r/sampler_weights/step 1/ü"


@pytest.fixture
def browser(vic: User, acme: Workspace, key: Key, loops: Simulator) -> Client:
    loops.world.clear()
    run = loops.world.add_run(id="r")
    loops.world.add_checkpoint(run=run, id="c", target="sampler", name="step 1/ü")
    loops.requests.clear()
    return login_as(vic)


def url_of(page: str, acme: Workspace, uri: str = URI) -> str:
    return (
        f"{reverse(f'checkpoints:{page}', args=[acme.slug])}?{urlencode({'checkpoint_path': uri})}"
    )


def test_the_list_has_the_lookup_load_by_itself(
    browser: Client, acme: Workspace, loops: Simulator
) -> None:
    page = browser.get(url_of("list", acme)).content.decode()
    assert list(loops.requests) == []
    [link] = re.findall(r'id="found" hx-get="([^"]+)" hx-trigger="load"', page)
    part = browser.get(unescape(link), headers={"hx-request": "true", "hx-target": "found"})
    assert part.content.strip().startswith(b'<section class="card after" id="found">')
    assert [(one.method, one.path) for one in loops.requests] == [("GET", "/v1/loops/checkpoints")]


def test_what_the_api_has_is_shown_with_its_time_and_not_stored(
    browser: Client, acme: Workspace
) -> None:
    page = browser.get(url_of("find", acme)).content.decode()
    assert f'<span class="id">{URI}</span>' in join_long_text(page)
    assert re.search(r'asked at <time datetime="[^"]+">', page)
    assert "It has no page here yet" in page
    assert Checkpoint.objects.count() == 0


def test_what_has_a_page_is_linked_and_not_looked_up_by_the_list(
    browser: Client, acme: Workspace
) -> None:
    fields = {"run_remote_id": "r", "target": "sampler", "name": "step 1/ü"}
    row = add_row(Checkpoint, acme, "c", **fields)
    link = reverse("checkpoints:detail", args=[acme.slug, "c"])
    add_row(Run, acme, "r")
    run_link = reverse("runs:detail", args=[acme.slug, "r"])
    page = browser.get(url_of("find", acme)).content.decode()
    assert [f'href="{one}"' in page for one in (link, run_link)] == [True, True]
    assert 'id="found"' not in browser.get(url_of("list", acme)).content.decode()
    page = browser.get(link).content.decode()
    assert unescape(re.findall(r'hx-get="([^"]+/find/[^"]+)"', page)[0]) == url_of(
        "find", acme
    ).replace("+", "%20")
    row.missing_since = row.first_seen_at
    row.save()
    answer = browser.get(f"{url_of('list', acme)}&q=c")
    assert 'id="found"' in answer.content.decode()


@pytest.mark.parametrize("filters", [{}, {"run_id": "r"}, {"checkpoint_path": "s3://bucket"}])
def test_nothing_is_looked_up_without_a_uri(
    browser: Client, acme: Workspace, filters: dict[str, str]
) -> None:
    answer = browser.get(reverse("checkpoints:list", args=[acme.slug]), filters)
    assert 'id="found"' not in answer.content.decode()


def test_an_unknown_uri_is_an_answer(browser: Client, acme: Workspace) -> None:
    answer = browser.get(url_of("find", acme, "bt://loops:r/weights/step-9"))
    assert answer.status_code == 200
    assert "The API knows no checkpoint of this URI" in answer.content.decode()


def test_no_uri_is_400_and_is_not_sent(browser: Client, acme: Workspace, loops: Simulator) -> None:
    answer = browser.get(url_of("find", acme, "step-9"))
    assert answer.status_code == 400
    assert "A checkpoint URI looks like" in answer.content.decode()
    assert list(loops.requests) == []


def test_a_failure_is_told_and_can_be_retried(
    browser: Client, acme: Workspace, loops: Simulator
) -> None:
    loops.add_fault("GET *", mode="status", status=500)
    answer = browser.get(url_of("find", acme))
    assert answer.status_code == 502
    assert "The Loops API had an internal error" in answer.content.decode()
    assert "Ask again" in answer.content.decode()


def test_a_slow_api_blocks_only_a_few_threads(
    browser: Client, acme: Workspace, loops: Simulator
) -> None:
    with ExitStack() as waiting:
        for _ in range(live_calls.MAX_WAITING):
            waiting.enter_context(live_calls.reserve_slot())
        assert browser.get(url_of("find", acme)).status_code == 503
    assert list(loops.requests) == []


@pytest.mark.parametrize("is_known", [True, False])
def test_a_server_of_the_older_routes_is_asked_by_its_own(
    browser: Client, acme: Workspace, connect_api: ConnectApi, now: datetime, is_known: bool
) -> None:
    older = Simulator(now=now, generation="documented")
    older.world.clear()
    name = "step 1/ü" if is_known else "step 2"
    older.world.add_checkpoint(run=older.world.add_run(id="r"), target="sampler", name=name)
    connect_api(httpx.WSGITransport(app=older))
    Key.objects.update(generation="legacy")
    page = browser.get(url_of("find", acme)).content.decode()
    shown = join_long_text(page)
    assert (f'<dd><copy-button label="URI"><span class="id">{URI}</span>' in shown) is is_known
    assert [one.path for one in older.requests] == ["/v1/trainers/checkpoints/search"]


def test_nobody_asks_the_api_without_a_limit(
    browser: Client, acme: Workspace, loops: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.RATES, "ask_api", "2/m/user")
    answers = [browser.get(url_of("find", acme)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "You can do this 2 times a minute." in answers[2].content.decode()
    assert len(list(loops.requests)) == 2
