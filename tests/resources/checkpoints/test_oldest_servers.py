"""A server of the first SDK: legacy routes only, checkpoints without an ID of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint
from loopsweb.simulator import Simulator
from loopsweb.simulator.dispatcher import Dispatcher
from tests.conftest import ConnectApi
from tests.personas import login_as


class OldestServer(httpx.BaseTransport):
    """The simulator without its canonical routes, and checkpoints without `id`."""

    def __init__(self, simulator: Simulator) -> None:
        self.inner = httpx.WSGITransport(app=simulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/loops/"):
            return build_response(404, {"message": "Not found."})
        response = self.inner.handle_request(request)
        if not request.url.path.endswith("/checkpoints"):
            return response
        body = json.loads(response.read())
        rows = [{name: row[name] for name in row if name != "id"} for row in body["checkpoints"]]
        return build_response(response.status_code, body | {"checkpoints": rows})


def build_response(status: int, body: Any) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(json.dumps(body).encode()))


@pytest.fixture
def oldest(world: Simulator, connect_api: ConnectApi) -> Simulator:
    """With one run that saved `step-100` for trainer and sampler."""
    world.dispatcher = Dispatcher(world.world, world.lifecycle, "documented")
    run = world.world.add_run(id="r")
    for target in ("trainer", "sampler"):
        world.world.add_checkpoint(run=run, id=f"c-{target}", target=target)
    connect_api(OldestServer(world))
    return world


def test_checkpoints_are_known_by_their_uri_and_files_by_size(
    oldest: Simulator,
    add_key: Callable[..., Key],
    poll: Callable[..., int],
    acme: Workspace,
    alice: User,
) -> None:
    assert add_key().generation == "legacy"
    poll()
    trainer, sampler = Checkpoint.objects.in_workspace(acme).order_by("target").reverse()
    ids = ["bt://loops:r/weights/step-100", "bt://loops:r/sampler_weights/step-100"]
    assert [trainer.remote_id, sampler.remote_id] == [trainer.uri, sampler.uri] == ids
    browser = login_as(alice)

    def get_files(row: Checkpoint) -> Any:
        url = reverse("checkpoints:files", args=[acme.slug, row.remote_id])
        return browser.get(url, {"load": "now"})

    assert "rank_0/optimizer.safetensors" in get_files(trainer).content.decode()
    refused = get_files(sampler)
    assert refused.status_code == 502
    assert "another checkpoint of this name" in refused.content.decode()
    oldest.world.remove_checkpoint(oldest.world.checkpoints["c-trainer"])
    assert "adapter_model.safetensors" in get_files(sampler).content.decode()
    detail = reverse("checkpoints:detail", args=[acme.slug, sampler.remote_id])
    assert browser.get(detail).status_code == 200
