"""A download link leads to the file beside it, at a place where a browser may be sent."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.download_links import NoLink, check_link
from loopsweb.resources.models import Checkpoint
from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import StoredFile
from tests.conftest import ConnectApi
from tests.loops_api.scripted_server import ScriptedServer
from tests.personas import login_as
from tests.resources.rows import add_row
from tests.visitor import FormParser

STORE = "https://store.example"
ONE, TWO = (
    StoredFile("part.bin", 10, node_rank=None, url=f"{STORE}/{name}?sign=1")  # type: ignore[arg-type]
    for name in ("one", "two")
)


@pytest.fixture
def row(loops: Simulator, acme: Workspace, key: Key) -> Checkpoint:
    loops.world.clear()
    loops.world.add_checkpoint(run=loops.world.add_run(id="r"), id="c", target="sampler")
    return add_row(Checkpoint, acme, "c", target="sampler", run_remote_id="r")


@pytest.fixture
def browser(otto: User) -> Client:
    return login_as(otto)


def links_on(browser: Client, row: Checkpoint) -> list[dict[str, str]]:
    """The fields of each form that asks for a link."""
    url = reverse("checkpoints:files", args=[row.workspace.slug, row.remote_id])
    forms = FormParser(browser.get(url, {"load": "now"}).content.decode()).found
    return [fields for action, fields in forms if action == f"{url}download/"]


def follow(browser: Client, row: Checkpoint, fields: dict[str, str]) -> str:
    """Where the link leads that the form gets, or the status without a link."""
    url = reverse("checkpoints:download", args=[row.workspace.slug, row.remote_id])
    answer = browser.post(url, fields)
    links = re.findall(r'href="(https:[^"]+)" rel="noreferrer"', answer.content.decode())
    return unescape(links[0]) if links else str(answer.status_code)


def test_two_files_of_one_name_have_a_link_each(
    loops: Simulator, browser: Client, row: Checkpoint
) -> None:
    loops.world.checkpoints["c"].files = [ONE, TWO]
    assert [follow(browser, row, link) for link in links_on(browser, row)] == [ONE.url, TWO.url]


LATER: list[tuple[list[StoredFile], list[str | None]]] = [
    ([replace(ONE, url=f"{STORE}/one?sign=2")], [f"{STORE}/one?sign=2", "404"]),
    ([TWO, ONE], [ONE.url, TWO.url]),
    ([StoredFile("new.bin", 1), ONE, TWO], [ONE.url, TWO.url]),
    ([TWO], ["404", TWO.url]),
    ([], ["404", "404"]),
    ([replace(ONE, url=TWO.url), replace(TWO, url=ONE.url)], [ONE.url, TWO.url]),
    ([replace(ONE, size_bytes=11), TWO], ["404", TWO.url]),
    ([replace(ONE, relative_file_name="new.bin"), TWO], ["404", TWO.url]),
    ([ONE, replace(TWO, node_rank=1)], [ONE.url, "404"]),
]


def test_a_link_never_leads_to_another_file(
    loops: Simulator, browser: Client, row: Checkpoint
) -> None:
    loops.world.checkpoints["c"].files = [ONE, TWO]
    links = links_on(browser, row)
    for later, leads_to in LATER:
        loops.world.checkpoints["c"].files = later
        assert [follow(browser, row, link) for link in links] == leads_to


def test_files_that_cannot_be_told_apart_have_no_link(
    loops: Simulator, browser: Client, row: Checkpoint
) -> None:
    same = [replace(ONE, url=f"{STORE}/one?part={n}") for n in (1, 2)]
    loops.world.checkpoints["c"].files = [*same, TWO]
    url = reverse("checkpoints:files", args=[row.workspace.slug, "c"])
    page = browser.get(url, {"load": "now"})
    assert page.content.decode().count("cannot be told from this one.") == 2
    assert [follow(browser, row, link) for link in links_on(browser, row)] == [TWO.url]


def test_a_link_by_name_alone_takes_no_guess(
    loops: Simulator, browser: Client, row: Checkpoint
) -> None:
    loops.world.checkpoints["c"].files = [ONE, TWO]
    assert follow(browser, row, {"name": "part.bin"}) == "409"


def test_the_audit_names_the_host(loops: Simulator, browser: Client, row: Checkpoint) -> None:
    loops.world.checkpoints["c"].files = [ONE]
    [link] = links_on(browser, row)
    follow(browser, row, link)
    assert Event.objects.latest("pk").answer == {"host": "store.example"}


def test_a_file_without_a_name_can_be_downloaded(
    acme: Workspace, browser: Client, row: Checkpoint, connect_api: ConnectApi
) -> None:
    served = ScriptedServer()
    served.set_responses(
        "GET /v1/loops/checkpoints/c/files", {"presigned_urls": [{"url": f"{STORE}/x"}]}
    )
    connect_api(httpx.WSGITransport(app=served))
    [link] = links_on(browser, row)
    assert follow(browser, row, link) == f"{STORE}/x"


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\r\nb", "\n", "a\0b"])
def test_a_file_whose_name_a_form_alters_can_be_downloaded(
    name: str, loops: Simulator, browser: Client, row: Checkpoint
) -> None:
    """Browsers send every line break as CRLF, and NUL as U+FFFD."""
    loops.world.checkpoints["c"].files = [replace(ONE, relative_file_name=name), TWO]
    link = links_on(browser, row)[0]
    posted = re.sub(r"\r\n|\r|\n", "\r\n", name).replace("\0", "\ufffd")
    assert follow(browser, row, link | {"name": posted}) == ONE.url


def test_a_checkpoint_on_a_volume_says_so(
    loops: Simulator, browser: Client, row: Checkpoint
) -> None:
    loops.world.checkpoints["c"].volume_ref = "vol-7"
    url = reverse("checkpoints:files", args=[row.workspace.slug, "c"])
    answer = browser.get(url, {"load": "now"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This checkpoint is on a volume" in page
    assert re.search(r"Its files are on the volume vol-7 at [^,]+, for which", page)
    loops.add_fault("GET /v1/loops/checkpoints/c/source", mode="status", status=404)
    assert (
        "Its files are on a volume, for which" in browser.get(url, {"load": "now"}).content.decode()
    )


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://b.s3.amazonaws.com/x?X-Amz-Signature=1", "b.s3.amazonaws.com"),
        ("https://LOOPS.example:8443/x", "loops.example"),
        ("https://[2001:db8::1]/x", "2001:db8::1"),
    ],
)
def test_https_addresses_are_followed(link: str, host: str) -> None:
    assert check_link(link, own_host="loops.example", own_scheme="https") == host


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("http://store.example/x", "without encryption"),
        ("https://loops.example/admin/", "of this site"),
        ("https://LOOPS.EXAMPLE.:443/admin/", "of this site"),
        ("https://me@store.example/x", "cannot open"),
        ("https://store.example\\@loops.example/x", "cannot open"),
        ("https://evil.example\\.amazonaws.com/x", "cannot open"),
        ("https:///x", "cannot open"),
        ("https://store.example:x/", "cannot open"),
        ("ftp://store.example/x", "cannot open"),
        ("javascript://store.example/%0aalert(1)", "cannot open"),
    ],
)
def test_other_addresses_are_not_followed(link: str, why: str) -> None:
    with pytest.raises(NoLink, match=why):
        check_link(link, own_host="loops.example", own_scheme="https")


def test_http_is_followed_to_an_http_api_alone(settings: Settings) -> None:
    settings.LOOPSWEB_API_URLS = ["http://127.0.0.1:8400", "https://store.example"]
    link = "http://127.0.0.1:8400/files/x"
    assert check_link(link, own_host="127.0.0.1:8000", own_scheme="http") == "127.0.0.1"
    for other in ("http://127.0.0.1:8401/x", "http://store.example/x"):
        with pytest.raises(NoLink, match="without encryption"):
            check_link(other, own_host="127.0.0.1:8000", own_scheme="http")


def test_only_named_hosts_are_followed_where_some_are_named(settings: Settings) -> None:
    settings.LOOPSWEB_DOWNLOAD_HOSTS = ["amazonaws.com"]
    link = "https://b.s3.amazonaws.com/x"
    assert check_link(link, own_host="l.example", own_scheme="https") == "b.s3.amazonaws.com"
    for other in ("https://amazonaws.com.evil.example/x", "https://notamazonaws.com/x"):
        with pytest.raises(NoLink, match="LOOPSWEB_DOWNLOAD_HOSTS"):
            check_link(other, own_host="l.example", own_scheme="https")
