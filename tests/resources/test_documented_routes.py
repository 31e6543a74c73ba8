"""Every route of the API's document is called by a page, or by the poll that fills it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import httpx
import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator.route_table import DOCUMENTED, LEGACY, Route
from tests.conftest import ConnectApi
from tests.personas import add_key, login_as
from tests.resources.claims import claim_polls

MODEL = "Qwen/Qwen3-8B"


@dataclass
class Visitor:
    """alice, whose workspace has polled a server of the document's generation once."""

    browser: Client
    now: datetime
    run: Run
    sampler: Sampler
    deployment: Deployment
    checkpoint: Checkpoint

    def open(self, path: str) -> str:
        answer = self.browser.get(f"/w/acme/{path}")
        assert answer.status_code == 200
        return answer.content.decode()

    def submit(self, path: str, **fields: str) -> None:
        answer = self.browser.post(f"/w/acme/{path}", {"once": str(uuid.uuid4())} | fields)
        assert answer.status_code == 302

    def poll(self) -> None:
        PollState.objects.update(next_poll_at=self.now)
        for state in claim_polls(now=self.now):
            poller.run_poll(state, clock=lambda: self.now)

    def poll_and_find(self, remote_id: str, page: str) -> None:
        self.poll()
        assert remote_id in self.open(page)


def create_run(visitor: Visitor) -> None:
    visitor.submit("runs/new/", session_id=visitor.run.session_id, base_model=MODEL)


def create_sampler(visitor: Visitor) -> None:
    visitor.submit("samplers/new/", session_id=visitor.run.session_id, base_model=MODEL)


def find_checkpoint(visitor: Visitor) -> None:
    page = visitor.open(f"checkpoints/find/?checkpoint_path={quote(visitor.checkpoint.uri)}")
    assert visitor.checkpoint.id in page


def open_files(visitor: Visitor) -> None:
    assert "adapter_config.json" in visitor.open(
        f"checkpoints/{visitor.checkpoint.id}/files/?load=now"
    )


def deactivate(visitor: Visitor) -> None:
    remote_id = visitor.deployment.id
    path = f"deployments/{remote_id}/deactivation/"
    visitor.submit(path, reason="budget", typed=remote_id)


Exercise = Callable[[Visitor], object]
BY: dict[str, Exercise] = {
    "POST /v1/loops/sessions": lambda one: one.submit("sessions/new/"),
    "GET /v1/loops/sessions/{session_id}": lambda one: one.open(
        f"sessions/{one.run.session_id}/answer/"
    ),
    "POST /v1/loops/runs": create_run,
    "GET /v1/loops/runs": lambda one: one.poll_and_find(one.run.id, "runs/"),
    "GET /v1/loops/runs/{run_id}": lambda one: one.open(f"runs/{one.run.id}/answer/"),
    "POST /v1/loops/samplers": create_sampler,
    "GET /v1/loops/samplers": lambda one: one.poll_and_find(one.sampler.id, "samplers/"),
    "GET /v1/loops/samplers/{sampler_id}": lambda one: one.open(
        f"samplers/{one.sampler.id}/answer/"
    ),
    "GET /v1/loops/checkpoints": find_checkpoint,
    "GET /v1/loops/checkpoints/{checkpoint_id}/files": open_files,
    "GET /v1/loops/deployments": lambda one: one.poll_and_find(one.deployment.id, "deployments/"),
    "POST /v1/loops/deployments/{deployment_id}/deactivate": deactivate,
    "GET /v1/loops/deployments/{deployment_id}": lambda one: one.open(
        f"deployments/{one.deployment.id}/answer/"
    ),
}
LEGACY_TRAINER = "/v1/trainer_sessions/{session_id}/trainers"
BY_LEGACY: dict[str, Exercise] = {
    "POST /v1/trainers/search": lambda one: one.poll_and_find(one.run.id, "runs/"),
    "POST /v1/trainers/checkpoints/search": find_checkpoint,
    "POST /v1/trainer_sessions": lambda one: one.submit("sessions/new/"),
    f"POST {LEGACY_TRAINER}": create_run,
    "POST /v1/trainer_sessions/{session_id}/samplers": create_sampler,
    f"GET {LEGACY_TRAINER}/{{trainer_id}}/checkpoints": lambda one: one.poll_and_find(
        one.checkpoint.id, "checkpoints/"
    ),
    f"GET {LEGACY_TRAINER}/{{trainer_id}}/checkpoints/{{checkpoint_id}}/files": open_files,
}


@pytest.fixture
def older(now: datetime, connect_api: ConnectApi) -> Simulator:
    simulator = Simulator(now=now, generation="documented")
    connect_api(httpx.WSGITransport(app=simulator))
    simulator.world.clear()
    return simulator


@pytest.fixture
def visitor(older: Simulator, acme: Workspace, alice: User, now: datetime) -> Visitor:
    sampler = older.world.add_sampler()
    run = older.world.add_run(sampler=sampler)
    deployment = older.world.add_deployment(run=run)
    checkpoint = older.world.add_checkpoint(run=run, target="trainer")
    add_key(alice, workspace=acme, secret="demo-org-key", shared=True, now=now)
    one = Visitor(login_as(alice), now, run, sampler, deployment, checkpoint)
    one.poll()
    return one


def calls_that_fail(older: Simulator, visitor: Visitor, routes: tuple[Route, ...]) -> list[str]:
    """The routes that their page does not call."""
    uncalled = []
    for route in routes:
        older.requests.clear()
        (BY | BY_LEGACY)[str(route)](visitor)
        if not any(route.match(request) for request in older.requests):
            uncalled.append(str(route))
    return uncalled


def test_every_documented_route_has_its_page() -> None:
    assert {str(route) for route in DOCUMENTED} == BY.keys()
    assert {str(route) for route in LEGACY} == BY_LEGACY.keys()


def test_the_pages_call_the_documented_routes(older: Simulator, visitor: Visitor) -> None:
    last = [one for one in DOCUMENTED if str(one).endswith("/deactivate")]
    ordered = [one for one in DOCUMENTED if one not in last] + last
    assert calls_that_fail(older, visitor, tuple(ordered)) == []


def test_the_pages_call_the_legacy_routes(older: Simulator, visitor: Visitor) -> None:
    Key.objects.update(generation="legacy")
    older.dispatcher.routes = tuple(  # else the next poll would notice an upgrade
        one for one in older.dispatcher.routes if str(one) != "GET /v1/loops/runs"
    )
    assert calls_that_fail(older, visitor, LEGACY) == []
