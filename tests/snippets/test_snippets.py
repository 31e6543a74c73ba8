"""What is copied does what the page does: curl and Python are run against the simulator."""

from __future__ import annotations

import ast
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import datetime
from functools import partial
from io import StringIO
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.loops_api.request_preview import RequestPreview, preview_request
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.models import Checkpoint
from loopsweb.simulator import Simulator
from loopsweb.snippets.rendering import render_curl, render_python
from tests.personas import add_key, login_as

SECRET = "demo-org-key"


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def api(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The simulated API at an address, which is that of the workspace's key."""
    with make_server("127.0.0.1", 0, Simulator(now=now), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("django.conf.settings.LOOPSWEB_API_URLS", [url])
        yield url
        server.shutdown()


@pytest.fixture
def key(api: str, alice: User, acme: Workspace, now: datetime) -> Key:
    return add_key(alice, workspace=acme, secret=SECRET, now=now, shared=True)


def copy(browser: Client, path: str, **fields: str) -> dict[str, str]:
    url = reverse("snippets", args=["acme"])
    answer = browser.get(url, {"of": path, **fields})
    assert answer.status_code == 200, answer.content
    return dict(answer.context["snippets"])


def run_curl(text: str) -> Any:
    environment = {"BASETEN_API_KEY": SECRET, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", text], env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


def run_python(text: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("BASETEN_API_KEY", SECRET)
    with redirect_stdout(StringIO()) as printed:
        exec(text, {})  # noqa: S102
    return json.loads(printed.getvalue())


def ask_api(api: str, path: str) -> Any:
    headers = {"Authorization": f"Api-Key {SECRET}"}
    return httpx.get(f"{api}/v1/loops/{path}", headers=headers).json()


def name_pages(api: str, acme: Workspace) -> dict[str, str]:
    """{page of loopsweb: path of the request that it should be}"""
    one = {
        plural: ask_api(api, f"{plural}?scope=org")[plural][0]["id"]
        for plural in ("runs", "samplers", "deployments")
    }
    [checkpoint, *_] = ask_api(api, f"checkpoints?run_id={one['runs']}")["checkpoints"]
    row = Checkpoint(
        workspace=acme, remote_id=checkpoint["id"], run_remote_id=one["runs"],
        target=checkpoint["target"], name=checkpoint["checkpoint_id"], raw={}, digest="",
        first_seen_at=timezone.now(), changed_at=timezone.now(),
    )  # fmt: skip
    row.save()
    uri = quote(str(CheckpointURI(row.run_remote_id, row.target, row.name)), safe="")
    lists = {f"{plural}/": f"{plural}?scope=org" for plural in one}
    details = {f"{plural}/{one_id}/": f"{plural}/{one_id}" for plural, one_id in one.items()}
    return (
        lists
        | details
        | {
            "sessions/": "runs?scope=org",
            f"checkpoints/?run_id={one['runs']}": f"checkpoints?run_id={one['runs']}",
            f"checkpoints/{row.remote_id}/": f"checkpoints?checkpoint_path={uri}",
        }
    )


def test_curl_and_python_give_what_the_api_answers(
    api: str, key: Key, alice: User, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as(alice)
    for page, path in name_pages(api, acme).items():
        snippets = copy(browser, f"/w/acme/{page}")
        answer = ask_api(api, path)
        assert run_curl(snippets["curl"]) == answer, page
        assert run_python(snippets["Python"], monkeypatch) == answer, page


def test_an_action_does_the_same(
    api: str, key: Key, alice: User, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as(alice)
    running = [
        one["id"]
        for one in ask_api(api, "deployments?scope=org")["deployments"]
        if one["status"] == "RUNNING"
    ]
    runs: dict[str, Callable[[str], Any]] = {
        "curl": run_curl,
        "Python": partial(run_python, monkeypatch=monkeypatch),
    }
    for one, (language, run) in zip(running, runs.items(), strict=False):
        run(copy(browser, f"/w/acme/deployments/{one}/deactivation/")[language])
        assert ask_api(api, f"deployments/{one}")["deployment"]["status"] != "RUNNING"
    session = run_curl(copy(browser, "/w/acme/sessions/new/")["curl"])["session"]["id"]
    typed = {"session_id": session, "base_model": "Qwen/Qwen3-8B", "seed": "7", "once": "x"}
    created = run_python(copy(browser, "/w/acme/runs/new/", **typed)["Python"], monkeypatch)
    assert created["run"]["session_id"] == session


def test_what_is_done_to_a_checkpoint_is_copied_as_it_was_typed(
    api: str, key: Key, alice: User, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as(alice)
    run_id = ask_api(api, "runs?scope=org")["runs"][0]["id"]

    def find(target: str) -> list[Any]:
        every = ask_api(api, f"checkpoints?run_id={run_id}")["checkpoints"]
        return [one for one in every if one["target"] == target]

    sampler, trainer = find("sampler")[0], find("trainer")[0]
    uri = str(CheckpointURI(run_id, "sampler", sampler["checkpoint_id"]))
    page = f"/w/acme/checkpoints/validate/?checkpoint_path={quote(uri, safe='')}"
    run_curl(copy(browser, page)["curl"])
    fields = {"model_name": "kept", "instance_type_id": "h100-1", "hf_secret_name": "hf"}
    deploy = copy(browser, f"/w/acme/checkpoints/{sampler['id']}/inference/", **fields)
    assert run_python(deploy["Python"], monkeypatch)["model_id"]
    path = f"/w/acme/checkpoints/{trainer['id']}/expiry/"
    assert run_curl(copy(browser, path, expiry="7")["curl"])["expires_at"]
    never = copy(browser, path, expiry="never")["Python"]
    assert run_python(never, monkeypatch)["expires_at"] is None
    plan = copy(browser, "/w/acme/checkpoints/plan/", action="delete")["curl"]
    run_curl(plan.replace("CHECKPOINT_ID", trainer["id"]))
    assert trainer["id"] not in [one["id"] for one in find("trainer")]


def test_no_key_is_in_it_and_pages_without_a_request_have_none(
    api: str, key: Key, vic: User, acme: Workspace
) -> None:
    browser = login_as(vic)
    assert SECRET not in str(copy(browser, "/w/acme/runs/"))
    assert "/w/acme/request/?of=" in browser.get("/w/acme/runs/?q=x").content.decode()
    assert "/w/acme/request/" not in browser.get("/w/acme/audit/").content.decode()
    for page in ("/w/acme/audit/", "/w/other/runs/", "/keys/", "http://[", "runs"):
        assert browser.get("/w/acme/request/", {"of": page}).status_code == 404
    all_checkpoints = browser.get("/w/acme/request/", {"of": "/w/acme/checkpoints/"})
    assert all_checkpoints.status_code == 200
    assert "Filter the list by one of these" in all_checkpoints.content.decode()


def test_the_files_of_a_checkpoint_have_the_vendors_command(
    api: str, key: Key, alice: User, acme: Workspace
) -> None:
    command = copy(login_as(alice), "/w/acme/checkpoints/ck%20'1/files/")["Baseten CLI"]
    assert command == (
        "baseten loops checkpoint files --checkpoint-id 'ck '\"'\"'1' --output jsonl"
    )


@given(st.text(min_size=1).filter(lambda text: text.strip("./ ")), st.text())
@settings(max_examples=30)
def test_wild_ids_stay_one_argument_of_the_shell_and_of_python(remote_id: str, name: str) -> None:
    try:
        preview = preview_request(
            lambda client: client.create_sampler(session_id=remote_id, base_model=name),
            base_url="https://api.example",
        )
        url = preview_request(
            lambda client: client.deactivate_deployment(remote_id), base_url="https://api.example"
        ).url
    except UnicodeEncodeError:
        return  # no JSON and no URL has half a character
    request = RequestPreview("POST", url, preview.body)
    shown = "curl() { for each; do printf '%s\\0' \"$each\"; done; }\n" + render_curl(request)
    done = subprocess.run(["/bin/sh", "-c", shown], capture_output=True, check=True)
    arguments = done.stdout.decode().split("\0")
    assert (arguments[-2], json.loads(arguments[-3])) == (url, request.body)
    call = ast.parse(render_python(request)).body[2].value  # type: ignore[attr-defined]
    assert [ast.literal_eval(each) for each in call.args] == ["POST", url]
    assert ast.literal_eval(call.keywords[1].value) == request.body


@pytest.mark.parametrize(
    "before", ["javascript:", "https://elsewhere.example", "//elsewhere.example"]
)
def test_the_page_leads_to_no_other_place(before: str, alice: User, acme: Workspace) -> None:
    url = reverse("snippets", args=["acme"])
    own = reverse("runs:list", args=["acme"])

    assert login_as(alice).get(url, {"of": own}).status_code == 200
    assert login_as(alice).get(url, {"of": before + own}).status_code == 404
