from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest
from django.core.management import CommandError, call_command
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pytest_django import Settings

from loopsweb.serving.demo_people import ADMIN, OPERATOR, PASSWORD, VIEWER
from tests.processes import START_SECONDS, Process, build_command, start_process, wait_for
from tests.servers import find_free_port, is_port_open, serve_wsgi
from tests.visitor import Visitor, open_visitor


@contextmanager
def demo(folder: Path, *, port: int, api_port: int) -> Iterator[Process]:
    command = build_command("demo", "--port", str(port), "--api-port", str(api_port))
    there = {"LOOPSWEB_DEMO_DIR": str(folder / "demo"), "LOG_LEVEL": "WARNING"}
    with start_process(command, log=folder / f"demo-{port}.log", environment=there) as it:
        yield it


@contextmanager
def collect_spans() -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """A collector of OpenTelemetry: its address, and the service and name of each span it got."""
    spans = set[tuple[str, str]]()

    def take(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        body = environ["wsgi.input"].read()
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            spans.update(
                (named["service.name"], span.name)
                for scope in resource.scope_spans
                for span in scope.spans
            )
        start_response("200 OK", [("Content-Type", "application/x-protobuf")])
        return [b""]

    with serve_wsgi(take, threads=1) as port:
        yield f"http://127.0.0.1:{port}", spans


def is_up(it: Process) -> bool:
    assert it.popen.poll() is None, it.read_log()
    return "The demo is up" in it.read_log()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])  # noqa: S104
def test_the_demo_listens_on_loopback_only(host: str, settings: Settings) -> None:
    settings.DEMO = True
    with pytest.raises(CommandError) as refused:
        call_command("serve", host=host)
    assert str(refused.value) == (
        f"The demo has well-known passwords, so it does not listen on {host}."
    )


def test_the_demo_has_a_past_goes_on_and_ctrl_c_in_make_stops_everything(tmp_path: Path) -> None:
    port, api_port = find_free_port(), find_free_port()
    command = ["make", "demo", f"PORT={port}", f"API_PORT={api_port}"]
    with (
        collect_spans() as (endpoint, spans),
        start_process(
            command,
            log=tmp_path / "make.log",
            environment={
                "LOOPSWEB_DEMO_DIR": str(tmp_path / "demo"),
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            },
        ) as it,
    ):
        wait_for(lambda: is_up(it), timeout=START_SECONDS)
        address = f"http://127.0.0.1:{port}"
        assert it.read_log().split("…\n")[-1] == (
            f"\n  The demo is up: {address}\n"
            f"  Sign in as {ADMIN}, {OPERATOR}, {VIEWER}\n"
            f"  with the password {PASSWORD}. Ctrl-C stops it.\n"
        )
        with open_visitor(address, email=VIEWER, password=PASSWORD) as visitor:
            look_around(visitor, api=f"http://127.0.0.1:{api_port}")
        of_web, of_worker = "GET runs:list", "GET /v1/loops/runs"
        wait_for(lambda: {("loopsweb", of_web), ("loopsweb", of_worker)} <= spans)
        refuse_second_demos(tmp_path, port=port, api_port=api_port)
        os.killpg(it.popen.pid, signal.SIGINT)  # what a terminal does: make, site and API
        it.popen.wait(timeout=10)
    assert it.read_log().count("The demo has stopped.") == 1
    assert [is_port_open(port), is_port_open(api_port)] == [False, False]


def look_around(visitor: Visitor, *, api: str) -> None:
    """There is something on the first page already, and it changes."""
    home = visitor.get("/")
    assert home.url.path == "/w/demo/"
    assert "charts-vqa" in visitor.get("/w/demo/runs/").text
    assert "Idle since its last save" in visitor.get("/w/demo/audit/").text
    seen = visitor.get("/w/demo/checkpoints/").text
    httpx.post(f"{api}/_simulator/advance", json={"seconds": 900})
    wait_for(lambda: visitor.get("/w/demo/checkpoints/").text != seen)


def refuse_second_demos(folder: Path, *, port: int, api_port: int) -> None:
    """The first uses these ports and the folder."""
    with demo(folder, port=port, api_port=find_free_port()) as same_port:
        assert same_port.popen.wait(timeout=START_SECONDS) == 1
    assert same_port.read_log().splitlines()[-1] == (
        f"CommandError: Port {port} on 127.0.0.1 is already in use. "
        f"Stop the other program or choose another port: make demo PORT={port + 1}"
    )
    other = find_free_port()
    with demo(folder, port=other, api_port=api_port) as same_api_port:
        assert same_api_port.popen.wait(timeout=START_SECONDS) == 1
    assert f"make demo API_PORT={api_port + 1}" in same_api_port.read_log()
    with demo(folder, port=find_free_port(), api_port=find_free_port()) as same_data:
        assert same_data.popen.wait(timeout=START_SECONDS) == 1
    assert "A demo is already running" in same_data.read_log()
