from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor, record_event
from loopsweb.keys.clients import KeyClient, find_client
from loopsweb.loops_api import errors
from loopsweb.resources.models import Run, Sampler, Session
from loopsweb.resources.pages.creation import CreationRequest
from loopsweb.resources.pages.idempotency import AlreadySubmitted
from loopsweb.resources.runs import actions as runs
from loopsweb.resources.samplers import actions as samplers
from loopsweb.resources.sessions import actions as sessions
from loopsweb.simulator import Simulator
from tests.resources.conftest import AddKey, Timeline


@pytest.fixture
def key_client(acme: Workspace, alice: User, add_key: AddKey) -> KeyClient:
    add_key()
    return find_client(workspace=acme, person=alice)


@pytest.fixture
def by(acme: Workspace, alice: User) -> Actor:
    return Actor(
        workspace=acme.slug, person=alice.email, role="admin", address="127.0.0.1", request_id="r1"
    )


@pytest.fixture
def order(key_client: KeyClient, by: Actor, clock: Timeline) -> Callable[..., CreationRequest]:
    def make(once: uuid.UUID | None = None, **fields: Any) -> CreationRequest:
        once = once or uuid.uuid4()
        return CreationRequest(fields=fields, once=once, key_client=key_client, by=by, clock=clock)

    return make


def trail() -> list[tuple[str, str, str]]:
    events = Event.objects.exclude(action__startswith="key.").order_by("pk")
    return list(events.values_list("action", "outcome", "target_id"))


def test_session_run_and_sampler_are_created_recorded_and_shown_at_once(
    world: Simulator, order: Callable[..., CreationRequest]
) -> None:
    session = sessions.create_session(order(training_project_id=None))
    asked = {"session_id": session.id, "base_model": "Qwen/Qwen3-8B"}
    run = runs.create_run(order(**asked, lora_rank=32, seed=None))
    sampler = samplers.create_sampler(order(**asked, model_path=None))

    assert trail() == [
        ("session.create", "requested", ""),
        ("session.create", "succeeded", session.id),
        ("run.create", "requested", ""),
        ("run.create", "succeeded", run.id),
        ("sampler.create", "requested", ""),
        ("sampler.create", "succeeded", sampler.id),
    ]
    assert Session.objects.get().origin == "created"
    row = Run.objects.get()
    assert (row.remote_id, row.session_remote_id) == (run.id, session.id)
    assert Sampler.objects.get(remote_id=sampler.id).session_remote_id == session.id


def test_a_form_submitted_twice_calls_the_api_once(
    world: Simulator, order: Callable[..., CreationRequest]
) -> None:
    once = uuid.uuid4()
    sessions.create_session(order(once))
    with pytest.raises(AlreadySubmitted):
        sessions.create_session(order(once))
    assert [request.method for request in world.requests] == ["POST"]


def test_the_api_is_not_called_when_the_audit_cannot_be_written(
    world: Simulator, order: Callable[..., CreationRequest]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event RENAME TO audit_event_away")
    with pytest.raises((NotRecorded, DatabaseError)):  # SQLite, PostgreSQL
        sessions.create_session(order())
    assert world.requests == []


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"mode": "status", "status": 403}, "refused"),
        ({"mode": "status", "status": 500}, "unknown"),
        ({"mode": "truncated"}, "unknown"),
    ],
)
def test_a_failed_creation_says_whether_it_may_have_happened(
    world: Simulator, order: Callable[..., CreationRequest], fault: dict[str, Any], outcome: str
) -> None:
    world.add_fault("POST /v1/loops/sessions", **fault)
    with pytest.raises(errors.LoopsError):
        sessions.create_session(order())
    assert trail() == [("session.create", "requested", ""), ("session.create", outcome, "")]
    assert len(world.requests) == 1


def test_a_session_is_added_by_its_id_if_the_api_knows_it(
    world: Simulator, key_client: KeyClient, by: Actor, clock: Timeline
) -> None:
    known = world.world.add_session()
    sessions.add_session(session_id=known.id, key_client=key_client, by=by, now=clock())
    assert Session.objects.get().origin == "entered"
    with pytest.raises(errors.NotFound):
        sessions.add_session(session_id="sess_none", key_client=key_client, by=by, now=clock())


def test_a_form_cannot_join_an_existing_incident(
    world: Simulator, order: Callable[..., CreationRequest], clock: Timeline
) -> None:
    theirs = record_event(
        workspace="elsewhere", action="a.b", outcome="succeeded", person="eve", now=clock()
    )
    sessions.create_session(order(theirs.incident))
    assert Event.objects.filter(incident=theirs.incident).count() == 1
    assert Event.objects.filter(workspace="elsewhere").count() == 1
