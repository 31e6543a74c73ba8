from __future__ import annotations

import logging
from contextlib import ExitStack
from urllib.parse import urlencode

import httpx
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.loops_api import http_client
from loopsweb.resources.checkpoints import files
from loopsweb.resources.models import Checkpoint
from loopsweb.simulator import Simulator
from tests.loops_api.served import Served
from tests.personas import client_of
from tests.resources.rows import seen


@pytest.fixture
def browser(otto: User) -> Client:
    return client_of(otto)


@pytest.fixture
def checkpoint(loops: Simulator, acme: Workspace, key: Key) -> Checkpoint:
    """One that the API has files of."""
    for one in loops.world.checkpoints.values():
        if one.target == "sampler" and one.sync_status == "COMPLETE":
            return seen(Checkpoint, acme, one.id, target="sampler", name=one.name)
    raise LookupError("The simulator has no complete sampler checkpoint.")


def url_of(page: str, acme: Workspace, checkpoint: Checkpoint, **query: str) -> str:
    address = reverse(f"checkpoints:{page}", args=[acme.slug, checkpoint.remote_id])
    return f"{address}?{urlencode(query)}" if query else address


def test_files_are_asked_only_when_a_person_asks(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator
) -> None:
    loops.requests.clear()
    assert browser.get(url_of("detail", acme, checkpoint)).status_code == 200
    assert list(loops.requests) == []
    answer = browser.get(url_of("files", acme, checkpoint))
    assert answer.status_code == 200
    assert len(list(loops.requests)) == 1
    assert "adapter_model.safetensors" in answer.content.decode()


def test_htmx_gets_the_files_alone(
    browser: Client, acme: Workspace, checkpoint: Checkpoint
) -> None:
    headers = {"hx-request": "true", "hx-target": "files"}
    answer = browser.get(url_of("files", acme, checkpoint), headers=headers)
    assert answer.content.strip().startswith(b'<section class="card after" id="files">')


def test_a_download_is_signed_afresh_and_kept_nowhere(
    browser: Client,
    acme: Workspace,
    checkpoint: Checkpoint,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    page = browser.get(url_of("files", acme, checkpoint)).content.decode()
    assert "X-Amz" not in page
    url = url_of("download", acme, checkpoint, name="adapter_model.safetensors")
    answer = browser.get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith("http")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Location"].partition("?")[2] not in caplog.text
    assert answer["Location"] not in repr(getattr(cache, "_cache", {}))


def test_a_file_that_is_not_there_leads_nowhere(
    browser: Client, acme: Workspace, checkpoint: Checkpoint
) -> None:
    url = url_of("download", acme, checkpoint, name="../../etc/passwd")
    assert browser.get(url).status_code == 404


def test_a_viewer_sees_files_but_does_not_download(
    vic: User, acme: Workspace, checkpoint: Checkpoint
) -> None:
    viewer = client_of(vic)
    page = viewer.get(url_of("files", acme, checkpoint))
    assert page.status_code == 200
    assert "Your role may see the files but not download them." in page.content.decode()
    url = url_of("download", acme, checkpoint, name="adapter_model.safetensors")
    assert viewer.get(url).status_code == 403


def test_a_failure_is_shown_with_its_reason_and_a_way_on(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator
) -> None:
    loops.fail("GET *", mode="html", count=9, status=404)
    answer = browser.get(url_of("files", acme, checkpoint))
    page = answer.content.decode()
    assert answer.status_code == 502
    assert "The files could not be read" in page
    assert "Try again" in page
    answer = browser.get(url_of("download", acme, checkpoint, name="x"))
    assert answer.status_code == 502


def test_without_a_key_the_reason_is_given(browser: Client, acme: Workspace) -> None:
    row = seen(Checkpoint, acme, "chkpt_x")
    page = browser.get(url_of("files", acme, row)).content.decode()
    assert "You have no API key in this workspace" in page


@pytest.mark.parametrize("token", ["-1", "x", "9" * 50])
def test_a_wrong_page_is_no_error_of_ours(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, token: str
) -> None:
    answer = browser.get(url_of("files", acme, checkpoint, page_token=token))
    assert answer.status_code == 200


@pytest.mark.parametrize("page", ["files", "download"])
def test_a_slow_api_takes_only_a_few_threads(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator, page: str
) -> None:
    url = url_of(page, acme, checkpoint, name="adapter_model.safetensors")
    loops.requests.clear()
    with ExitStack() as waiting:
        for _ in range(files.AT_ONCE):
            waiting.enter_context(files.slot())
        answer = browser.get(url)
    assert answer.status_code == 503
    assert "The Loops API is slow" in answer.content.decode()
    assert "Try again" in answer.content.decode()
    assert list(loops.requests) == []
    assert browser.get(url).status_code in {200, 302}


def test_a_failed_request_no_longer_counts_and_is_not_repeated(
    browser: Client, acme: Workspace, checkpoint: Checkpoint, loops: Simulator
) -> None:
    loops.requests.clear()
    loops.fail("GET *", mode="status", count=files.AT_ONCE + 1, status=503)
    answers = [browser.get(url_of("files", acme, checkpoint)) for _ in range(files.AT_ONCE + 2)]
    assert [answer.status_code for answer in answers] == [*[502] * (files.AT_ONCE + 1), 200]
    assert len(list(loops.requests)) == files.AT_ONCE + 2


@pytest.mark.parametrize(
    "address",
    [
        "http://[bad",
        "https://",
        "javascript:alert(1)",
        "//elsewhere.example/a.bin",
        "https://bucket.example/a.bin?X-Amz-Signature=5ecre7" + "x" * 20_000,
    ],
)
def test_an_address_that_leads_nowhere_is_said_and_recorded(
    browser: Client,
    acme: Workspace,
    checkpoint: Checkpoint,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    served = Served()
    route = f"GET /v1/loops/checkpoints/{checkpoint.remote_id}/files"
    served.on(route, {"presigned_urls": [{"url": address, "relative_file_name": "a.bin"}]})
    with httpx.Client(transport=httpx.WSGITransport(app=served)) as http:
        monkeypatch.setattr(http_client, "http", lambda: http)
        answer = browser.get(url_of("download", acme, checkpoint, name="a.bin"))
    assert answer.status_code == 502
    assert "This file cannot be downloaded" in answer.content.decode()
    assert "5ecre7" not in answer.content.decode()
    events = Event.objects.filter(action="checkpoint.download").order_by("pk")
    assert [event.outcome for event in events] == ["requested", "refused"]
    assert address not in repr([event.answer for event in events])
