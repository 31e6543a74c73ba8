from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from loopsweb.serving.demo_people import ADMIN, OPERATOR, PASSWORD, VIEWER
from tests.processes import Process, eventually, manage, process
from tests.servers import free_port, listens
from tests.visitor import visiting


@contextmanager
def demo(folder: Path, *, port: int, api_port: int) -> Iterator[Process]:
    command = manage("demo", "--port", str(port), "--api-port", str(api_port))
    there = {"LOOPSWEB_DEMO_DIR": str(folder / "demo"), "LOG_LEVEL": "WARNING"}
    with process(command, log=folder / f"demo-{port}.log", environment=there) as it:
        yield it


def is_up(it: Process) -> bool:
    assert it.popen.poll() is None, it.said()
    return "The demo is up" in it.said()


def test_it_is_filled_moves_by_itself_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, api_port = free_port(), free_port()
    with demo(tmp_path, port=port, api_port=api_port) as it:
        eventually(lambda: is_up(it))
        address = f"http://127.0.0.1:{port}"
        assert it.said().split("…\n")[-1] == (
            f"\n  The demo is up: {address}\n"
            f"  Sign in as {ADMIN}, {OPERATOR}, {VIEWER}\n"
            f"  with the password {PASSWORD}. Ctrl-C stops it.\n"
        )
        with visiting(address, email=VIEWER, password=PASSWORD) as visitor:
            home = visitor.get("/")
            assert home.url.path == "/w/demo/"
            eventually(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/demo/runs/").text)
            seen = visitor.get("/w/demo/checkpoints/").text
            eventually(lambda: visitor.get("/w/demo/checkpoints/").text != seen, within=5)
        assert it.end(signal.SIGINT) == 0
    assert it.said().endswith("The demo has stopped.\n")
    assert [listens(port), listens(api_port)] == [False, False]


def test_a_second_demo_is_told_what_to_do(tmp_path: Path) -> None:
    port, api_port = free_port(), free_port()
    with demo(tmp_path, port=port, api_port=api_port) as first:
        eventually(lambda: is_up(first))
        with demo(tmp_path, port=port, api_port=free_port()) as same_port:
            assert same_port.popen.wait(timeout=20) == 1
        assert same_port.said().splitlines()[-1] == (
            f"CommandError: Port {port} on 127.0.0.1 is taken by another program. "
            f"Stop that one, or choose another: make demo PORT={port + 1}"
        )
        other = free_port()
        with demo(tmp_path, port=other, api_port=api_port) as same_api_port:
            assert same_api_port.popen.wait(timeout=20) == 1
        assert f"make demo API_PORT={api_port + 1}" in same_api_port.said()
        with demo(tmp_path, port=free_port(), api_port=free_port()) as same_data:
            assert same_data.popen.wait(timeout=20) == 1
        assert "A demo is running already" in same_data.said()
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").text == "ok"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])  # noqa: S104
def test_demo_settings_listen_on_this_machine_alone(tmp_path: Path, host: str) -> None:
    environment = {"LOOPSWEB_DEMO": "1", "LOOPSWEB_DATA_DIR": str(tmp_path), "REDIS_URL": ""}
    with process(
        manage("serve", "--host", host), log=tmp_path / "serve.log", environment=environment
    ) as it:
        assert it.popen.wait(timeout=20) == 1
    assert it.said().splitlines()[-1] == (
        f"CommandError: The demo has well-known passwords: it does not listen on {host}."
    )


def test_ctrl_c_in_make_stops_everything(tmp_path: Path) -> None:
    port, api_port = free_port(), free_port()
    command = ["make", "demo", f"PORT={port}", f"API_PORT={api_port}"]
    there = {"LOOPSWEB_DEMO_DIR": str(tmp_path / "demo")}
    with process(command, log=tmp_path / "make.log", environment=there) as it:
        eventually(lambda: is_up(it))
        os.killpg(it.popen.pid, signal.SIGINT)  # what a terminal does: make, site and API
        it.popen.wait(timeout=10)
    assert "The demo has stopped." in it.said()
    assert [listens(port), listens(api_port)] == [False, False]
