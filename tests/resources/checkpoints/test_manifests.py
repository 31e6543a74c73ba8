"""What manifests say, and curl doing what its script says: cut off, resumed, the same bytes."""

from __future__ import annotations

import os
import selectors
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.http import HttpResponse
from django.test.client import ClientHandler
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.checkpoints import live_files
from loopsweb.resources.models import Checkpoint
from loopsweb.simulator import Simulator
from loopsweb.simulator.checkpoint_files import generate_content, get_files
from loopsweb.simulator.entities import StoredFile
from tests.personas import add_key, login_as
from tests.resources.rows import add_row

HOSTILE = "it's $(touch owned) `touch owned` #1 [1-3] {a,b}; -rf ü"
WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        del format, args


class CuttingStore:
    """The simulator as object store. It cuts the first answers short and lets the address that
    they had expire."""

    def __init__(self, loops: Simulator, *, cuts: int) -> None:
        self.loops, self.cuts = loops, cuts
        self.ranges: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.ranges.append(environ.get("HTTP_RANGE", ""))
        body = self.loops(environ, start_response)
        if self.cuts == 0:
            return body
        self.cuts -= 1
        self.loops.advance(1000)
        return [b"".join(body)[:150_000]]

    def read(self, index: int) -> bytes:
        checkpoint = self.loops.world.checkpoints["c"]
        file = get_files(checkpoint)[index]
        return b"".join(generate_content(checkpoint, file, 0, file.size_bytes))


@pytest.fixture
def store(loops: Simulator) -> CuttingStore:
    return CuttingStore(loops, cuts=0)


def serve(app: WSGI) -> WSGIServer:
    return make_server("127.0.0.1", 0, app, handler_class=Quiet)


def run(command: list[str], folder: Path, *servers: WSGIServer) -> tuple[int, str]:
    """Run a script while this thread, in whose transaction the rows are, serves what it asks."""
    with selectors.DefaultSelector() as ready, (folder / "log").open("w") as log:
        for server in servers:
            ready.register(server, selectors.EVENT_READ, server)
        clean = {"PATH": os.environ["PATH"], "RETRY_SECONDS": "0", "LC_ALL": "C.UTF-8"}
        with subprocess.Popen(command, cwd=folder, env=clean, stdout=log, stderr=log) as script:
            while script.poll() is None:
                for key, _ in ready.select(0.02):
                    key.data.handle_request()
    return script.returncode, (folder / "log").read_text()


@pytest.fixture
def files(store: CuttingStore) -> Iterator[WSGIServer]:
    with serve(store) as server:
        yield server


@pytest.fixture
def row(
    loops: Simulator,
    acme: Workspace,
    alice: User,
    settings: Settings,
    files: WSGIServer,
    now: datetime,
) -> Checkpoint:
    """A checkpoint whose files are at an address that curl can open."""
    settings.LOOPSWEB_API_URLS = [f"http://127.0.0.1:{files.server_port}"]
    add_key(alice, workspace=acme, secret="demo-org-key", shared=True, now=now)
    loops.world.clear()
    loops.world.add_checkpoint(
        run=loops.world.add_run(id="r"),
        id="c",
        files=[
            StoredFile("rank_0/model.safetensors", 400_000),
            StoredFile("empty.bin", 0),
            StoredFile(HOSTILE, 70),
            StoredFile("../outside", 5),
        ],
    )
    return add_row(Checkpoint, acme, "c", target="trainer", run_remote_id="r", name="step 1")


def write(browser: Any, row: Checkpoint, tool: str) -> Any:
    url = reverse("checkpoints:manifest", args=[row.workspace.slug, "c"], query={"tool": tool})
    return browser.get(url)


def answer_request(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The site, in this thread's transaction."""
    response: HttpResponse = ClientHandler()(environ)  # type: ignore[assignment]
    start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
    return [response.content]


def test_curl_goes_on_where_it_was_cut_off(
    row: Checkpoint,
    otto: User,
    store: CuttingStore,
    files: WSGIServer,
    settings: Settings,
    tmp_path: Path,
) -> None:
    with serve(answer_request) as site:
        settings.LOOPSWEB_URL = f"http://127.0.0.1:{site.server_port}"
        settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
        browser = login_as(otto)
        for tool in ("curl", "sizes"):
            (tmp_path / f"{tool}.sh").write_text(write(browser, row, tool).content.decode())
        store.cuts, before = 2, Event.objects.count()
        first = run(["sh", "curl.sh"], tmp_path, site, files)
        sizes = run(["sh", "sizes.sh"], tmp_path)
        ranges, store.ranges = store.ranges, []
        again = run(["sh", "curl.sh"], tmp_path, site, files)
    loaded = {
        str(path.relative_to(tmp_path)): path.stat().st_size
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name not in {"log", "curl.sh", "sizes.sh"}
    }
    assert loaded == {"rank_0/model.safetensors": 400_000, "empty.bin": 0, HOSTILE: 70}
    assert ranges[:3] == ["", "bytes=150000-", "bytes=300000-"]
    assert (tmp_path / "rank_0/model.safetensors").read_bytes() == store.read(0)
    left_out = "Left out: 1. The comments say which and why.\n"
    assert (first[0], first[1][-len(left_out) :]) == (1, left_out)
    assert sizes == (1, f"All 3 have the size that the API gives.\n{left_out}")
    assert (again[0], store.ranges) == (1, [])
    assert Event.objects.count() == before + 1


def test_the_sizes_script_tells_what_differs(row: Checkpoint, otto: User, tmp_path: Path) -> None:
    (tmp_path / "sizes.sh").write_text(write(login_as(otto), row, "sizes").content.decode())
    (tmp_path / "rank_0").mkdir()
    (tmp_path / "rank_0/model.safetensors").write_bytes(b"short")
    (tmp_path / "empty.bin").touch()
    assert run(["sh", "sizes.sh"], tmp_path)[1].splitlines()[:2] == [
        "./rank_0/model.safetensors: 5, expected 400000",
        f"./{HOSTILE}: missing, expected 70",
    ]


@pytest.mark.parametrize(
    ("tool", "ending", "line"),
    [
        ("aria2", "aria2.txt", "  out=rank_0/model.safetensors"),
        ("curl", "curl.sh", "./rank_0/model.safetensors 400000"),
        ("rclone", "rclone.sh", " rank_0/model.safetensors 400000"),
        ("sizes", "sizes.sh", "check ./rank_0/model.safetensors 400000"),
    ],
)
def test_a_manifest_names_every_file_and_what_is_left_out(
    row: Checkpoint, otto: User, tool: str, ending: str, line: str
) -> None:
    answer = write(login_as(otto), row, tool)
    lines = answer.content.decode().splitlines()
    assert answer["Content-Disposition"] == f'attachment; filename="step-1-trainer.{ending}"'
    assert len([one for one in lines if one.endswith(line)]) == 1
    left_out = '# Left out, because its name leads out of the folder: "../outside"'
    assert [one for one in lines if "Left out, because" in one] == [left_out]
    assert "X-Amz" not in answer.content.decode()
    assert urlsplit("".join(one[2:] for one in lines if one.endswith("/c/"))).path == reverse(
        "checkpoints:detail", args=[row.workspace.slug, "c"]
    )


def test_without_a_manifest_the_page_says_why(
    row: Checkpoint,
    otto: User,
    vic: User,
    loops: Simulator,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser, checkpoint = login_as(otto), loops.world.checkpoints["c"]
    assert write(browser, row, "wget").status_code == 400
    assert write(login_as(vic), row, "curl").status_code == 403
    checkpoint.files = []
    answer = write(browser, row, "curl")
    assert (answer.status_code, b"There is nothing to download yet" in answer.content) == (
        409,
        True,
    )
    monkeypatch.setattr(live_files, "MAX_FILES", 3)
    monkeypatch.setattr(live_files, "PAGE", 2)
    checkpoint.files = [StoredFile(f"{n}", 1) for n in range(4)]
    assert b"more than 3 files" in write(browser, row, "curl").content
    checkpoint.files = checkpoint.files[:3]
    assert write(browser, row, "aria2").content.count(b"\n  out=") == 3
    settings.LOOPSWEB_URL = ""
    url = reverse("checkpoints:manifest", args=[row.workspace.slug, "c"], query={"tool": "curl"})
    answer = browser.get(url, REMOTE_ADDR="192.0.2.1")
    assert (answer.status_code, b"Set LOOPSWEB_URL" in answer.content) == (409, True)
