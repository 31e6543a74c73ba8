from __future__ import annotations

import logging
import re
from contextlib import ExitStack
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint
from loopsweb.resources.pages import live_calls
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi
from tests.loops_api.scripted_server import ScriptedServer
from tests.personas import login_as
from tests.resources.rows import add_row


@pytest.fixture
def browser(otto: User) -> Client:
    return login_as(otto)


@pytest.fixture
def checkpoint(loops: Simulator, acme: Workspace, key: Key) -> Checkpoint:
    """One that the API has files of."""
    for one in loops.world.checkpoints.values():
        if one.target == "sampler" and one.sync_status == "COMPLETE":
            return add_row(Checkpoint, acme, one.id, target="sampler", name=one.name)
    raise LookupError("The simulator has no complete sampler checkpoint.")


def url_of(page: str, acme: Workspace, checkpoint: Checkpoint, **query: str) -> str:
    address = reverse(f"checkpoints:{page}", args=[acme.slug, checkpoint.remote_id])
    return f"{address}?{urlencode(query)}" if query else address


def test_files_are_loaded_on_request_only(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator
) -> None:
    loops.requests.clear()
    page = browser.get(url_of("detail", acme, checkpoint)).content.decode()
    assert f'href="{url_of("files", acme, checkpoint)}"' in page
    page = browser.get(url_of("files", acme, checkpoint, page_token="0")).content.decode()
    assert "Asking the Loops API for the files" in page
    assert list(loops.requests) == []
    answer = browser.get(url_of("files", acme, checkpoint, load="now"))
    assert answer.status_code == 200
    assert len(list(loops.requests)) == 1
    assert "adapter_model.safetensors" in answer.content.decode()


def test_htmx_gets_only_the_files(browser: Client, acme: Workspace, checkpoint: Checkpoint) -> None:
    headers = {"hx-request": "true", "hx-target": "files"}
    answer = browser.get(url_of("files", acme, checkpoint), headers=headers)
    assert answer.content.strip().startswith(b'<section class="card after" id="files">')
    page = answer.content.decode()
    assert "adapter_model.safetensors" in page
    count = page.count('<td class="main file">')
    assert f'<span class="muted">{count} files, ' in page


def test_each_download_gets_a_new_link_that_is_not_stored(
    browser: Client,
    acme: Workspace,
    checkpoint: Checkpoint,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    page = browser.get(url_of("files", acme, checkpoint, load="now")).content.decode()
    assert "X-Amz" not in page
    file = {"name": "adapter_model.safetensors"}
    answers = [browser.post(url_of("download", acme, checkpoint), file) for _ in range(2)]
    links = [
        re.findall(r'href="(http[^"]*)" rel="noreferrer"', each.content.decode())
        for each in answers
    ]
    assert [len(each) for each in links] == [1, 1]
    assert [each["Refresh"] for each in answers] == [f"0; url={unescape(one)}" for [one] in links]
    assert {each["Cache-Control"] for each in answers} == {"private, no-store"}
    signature = re.findall(r"X-Amz-Signature=(\w+)", links[0][0])[0]
    assert signature not in caplog.text
    assert signature not in repr(getattr(cache, "_cache", {}))


def test_links_are_limited_by_the_minute(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator
) -> None:
    url = url_of("download", acme, checkpoint)
    loops.requests.clear()
    answers = [browser.post(url, {"name": "adapter_model.safetensors"}) for _ in range(61)]
    assert [each.status_code for each in answers] == [200] * 60 + [429]
    assert len(list(loops.requests)) == 60
    assert Event.objects.filter(action="checkpoint.download").count() == 120


def test_a_file_that_does_not_exist_is_404(
    browser: Client, acme: Workspace, checkpoint: Checkpoint
) -> None:
    url = url_of("download", acme, checkpoint)
    assert browser.post(url, {"name": "../../etc/passwd"}).status_code == 404


def test_a_viewer_sees_files_but_cannot_download_them(
    vic: User, acme: Workspace, checkpoint: Checkpoint
) -> None:
    viewer = login_as(vic)
    page = viewer.get(url_of("files", acme, checkpoint, load="now"))
    assert page.status_code == 200
    assert "Your role cannot download files." in page.content.decode()
    url = url_of("download", acme, checkpoint)
    assert viewer.post(url, {"name": "adapter_model.safetensors"}).status_code == 403


def test_a_failure_shows_its_reason_and_a_retry(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator
) -> None:
    loops.add_fault("GET *", mode="html", count=9, status=404)
    answer = browser.get(url_of("files", acme, checkpoint, load="now"))
    page = answer.content.decode()
    assert answer.status_code == 502
    assert "The files could not be loaded" in page
    assert "Try again" in page
    answer = browser.post(url_of("download", acme, checkpoint), {"name": "x"})
    assert answer.status_code == 502


def test_without_a_key_the_page_says_why(browser: Client, acme: Workspace) -> None:
    row = add_row(Checkpoint, acme, "chkpt_x")
    page = browser.get(url_of("files", acme, row, load="now")).content.decode()
    assert "You have no API key in this workspace" in page


@pytest.mark.parametrize("token", ["-1", "x", "9" * 50])
def test_an_invalid_page_token_is_no_server_error(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, token: str
) -> None:
    answer = browser.get(url_of("files", acme, checkpoint, page_token=token, load="now"))
    assert answer.status_code == 200


@pytest.mark.parametrize("page", ["files", "download"])
def test_a_slow_api_blocks_only_a_few_threads(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator, page: str
) -> None:
    send = browser.post if page == "download" else browser.get
    url = url_of(page, acme, checkpoint)
    file = {"name": "adapter_model.safetensors", "load": "now"}
    loops.requests.clear()
    with ExitStack() as waiting:
        for _ in range(live_calls.MAX_WAITING):
            waiting.enter_context(live_calls.reserve_slot())
        answer = send(url, file)
    assert answer.status_code == 503
    assert "The Loops API is slow" in answer.content.decode()
    assert "Try again" in answer.content.decode()
    assert list(loops.requests) == []
    assert send(url, file).status_code == 200


def test_a_failed_request_frees_its_slot_and_is_not_repeated(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator
) -> None:
    loops.requests.clear()
    loops.add_fault("GET *", mode="status", count=live_calls.MAX_WAITING + 1, status=503)
    answers = [
        browser.get(url_of("files", acme, checkpoint, load="now"))
        for _ in range(live_calls.MAX_WAITING + 2)
    ]
    assert [answer.status_code for answer in answers] == [
        *[502] * (live_calls.MAX_WAITING + 1),
        200,
    ]
    assert len(list(loops.requests)) == live_calls.MAX_WAITING + 2


@pytest.mark.parametrize(
    "address",
    [
        "http://[bad",
        "https://",
        "javascript:alert(1)",
        "//elsewhere.example/a.bin",
        "ftp://bucket.example/a.bin?X-Amz-Signature=5ecre7",
    ],
)
def test_an_invalid_link_is_refused_and_recorded(
    browser: Client,
    acme: Workspace,
    checkpoint: Checkpoint,
    connect_api: ConnectApi,
    address: str,
) -> None:
    served = ScriptedServer()
    route = f"GET /v1/loops/checkpoints/{checkpoint.remote_id}/files"
    served.set_responses(
        route, {"presigned_urls": [{"url": address, "relative_file_name": "a.bin"}]}
    )
    connect_api(httpx.WSGITransport(app=served))
    answer = browser.post(url_of("download", acme, checkpoint), {"name": "a.bin"})
    assert (answer.status_code, "Refresh" in answer.headers) == (502, False)
    assert "This file cannot be downloaded" in answer.content.decode()
    assert "5ecre7" not in answer.content.decode()
    events = Event.objects.filter(action="checkpoint.download").order_by("pk")
    assert [event.outcome for event in events] == ["requested", "refused"]
    assert address not in repr([event.answer for event in events])
