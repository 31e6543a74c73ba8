from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.clients import KeyUnusable
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.simulator import Simulator
from tests.keys.factory import create_key, list_event_outcomes

URL = "https://api.baseten.co"


def add(owner: User, workspace: Workspace, by: Actor, now: datetime, **given: Any) -> Key:
    fields: dict[str, Any] = {
        "name": "laptop",
        "secret": "demo-org-key",
        "api_url": URL,
        "shared": False,
    }
    return actions.add(workspace=workspace, owner=owner, by=by, now=now, **(fields | given))


def test_adding_a_key(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = add(alice, acme, by, now, shared=True)

    saved = Key.objects.get()
    assert saved.decrypt_secret() == "demo-org-key"
    assert (saved.state, saved.state_since, saved.checked_at) == ("healthy", now, now)
    assert (saved.can_list, saved.can_manage, saved.shared) == (True, True, True)
    assert ready == [key]
    event = Event.objects.get()
    assert event.at == now
    assert (event.workspace, event.person, event.role) == ("acme", "alice@example.com", "admin")
    assert (event.address, event.request_id) == ("192.0.2.7", "r1")
    assert (event.action, event.outcome) == ("key.add", "succeeded")
    assert (event.key_label, event.key_fingerprint) == ("laptop (…-key)", key.fingerprint)
    assert (event.target_noun, event.target_id) == ("key", str(key.uid))
    assert (event.target_name, event.target_owner) == ("laptop", "alice@example.com")
    assert event.answer == {
        "is_its_owners": False,
        "manage_own_user_or_service_account": True,
        "manage_org_training_projects": True,
        "shared": True,
    }


def test_a_refused_key_is_not_saved_but_the_attempt_is_recorded(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    with pytest.raises(errors.Unauthorized):
        add(alice, acme, by, now, secret="nobody-gave-this-out")

    assert Key.objects.count() == 0
    assert ready == []
    reason = "The Loops API refused this key: Invalid API key."
    assert list_event_outcomes() == [("key.add", "refused", reason)]


def test_nothing_is_saved_while_the_api_is_down(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    loops.add_fault("*", "status", count=None, status=503)

    with pytest.raises(errors.ServerError) as raised:
        add(alice, acme, by, now)

    assert Key.objects.count() == 0
    assert list_event_outcomes() == [("key.add", "unknown", raised.value.plain)]


def test_a_key_without_scopes_is_saved_as_forbidden(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    user = loops.world.keys["demo-org-key"].user
    loops.world.add_key("AbCdEfGh.good-for-nothing", user, scopes=())

    key = add(alice, acme, by, now, secret="AbCdEfGh.good-for-nothing")

    assert (key.state, key.state_reason) == ("forbidden", actions.MISSING_SCOPES)
    assert ready == []


def test_a_duplicate_key_is_refused_without_an_api_call(
    alice: User, otto: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    create_key(alice, acme, name="laptop")

    with pytest.raises(actions.DuplicateKey) as own:
        add(alice, acme, by, now, name="again")
    with pytest.raises(actions.DuplicateKey) as anothers:
        add(otto, acme, by, now)

    assert str(own.value) == "This workspace already has this key: it is your key “laptop”."
    assert str(anothers.value) == "This workspace already has this key."
    assert loops.requests == []


def test_the_same_key_is_allowed_in_another_workspace(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    other = alice.teams.exclude(pk=acme.team_id).get().workspaces.get()
    create_key(alice, acme)

    assert add(alice, other, by, now).workspace == other


def test_a_key_is_not_probed_at_a_url_that_is_not_allowed(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    with pytest.raises(KeyUnusable):
        add(alice, acme, by, now, api_url="https://evil.example.com")

    assert loops.requests == []
