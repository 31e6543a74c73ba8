"""The debug archive of a failed deployment."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.rows import add_row

ROUTE = "GET /v1/loops/deployments/{deployment_id}/debug_archive/files"
PART = {"hx-request": "true", "hx-target": "archive"}
FILE = {"name": "node_0/stacks.txt", "node": "0"}


@pytest.fixture
def browser(otto: User, key: Key) -> Client:
    return login_as(otto)


@pytest.fixture
def url(acme: Workspace, loops: Simulator, key: Key) -> str:
    loops.world.add_deployment(id="d", status="FAILED")
    add_row(Deployment, acme, "d", status="FAILED")
    loops.requests.clear()
    return reverse("debug-archive-deployments", args=[acme.slug, "d"])


def list_outcomes() -> list[str]:
    events = Event.objects.filter(action="deployment.download_debug_file").order_by("pk")
    return list(events.values_list("outcome", flat=True))


def test_files_are_listed_and_a_link_is_given_on_a_click(
    browser: Client, url: str, loops: Simulator
) -> None:
    assert "Asking the Loops API" in browser.get(url).content.decode()
    assert list(loops.requests) == []
    page = browser.get(url, headers=PART).content.decode().replace("<wbr>", "")
    assert re.findall(r'<span class="id">(.*?)</span>', page) == [
        "node_0/stacks.txt",
        "node_0/dmesg.txt",
    ]
    assert "X-Amz" not in page
    answer = browser.post(url, FILE)
    [link] = re.findall(
        r'href="(http[^"]*X-Amz-Signature[^"]*)" rel="noreferrer"', answer.content.decode()
    )
    assert answer["Refresh"] == f"0; url={unescape(link)}"
    assert list_outcomes() == ["requested", "succeeded"]


def test_a_host_that_is_not_allowed_is_not_linked(
    browser: Client, url: str, settings: Settings
) -> None:
    settings.LOOPSWEB_DOWNLOAD_HOSTS = ["files.example.com"]
    answer = browser.post(url, FILE)
    assert answer.status_code == 502
    assert "where this site does not send anybody" in answer.content.decode()
    assert "X-Amz" not in answer.content.decode()
    assert list_outcomes() == ["requested", "refused"]


def test_a_file_that_is_not_there_and_a_failure_are_said(
    browser: Client, url: str, loops: Simulator
) -> None:
    assert "has changed since it was listed" in browser.post(url, {"name": "x"}).content.decode()
    loops.add_fault(ROUTE, mode="status", status=404)
    page = browser.get(url, headers=PART).content.decode()
    assert "This server does not offer debug archives." in page


def test_viewers_cannot_download(vic: User, url: str) -> None:
    assert login_as(vic).get(url).status_code == 403
