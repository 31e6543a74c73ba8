from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.clients import KeyUnusable
from loopsweb.keys.models import Key
from loopsweb.keys.signals import key_ready
from loopsweb.loops_api import errors
from loopsweb.simulator import Simulator
from tests.keys.factory import key_of

URL = "https://api.baseten.co"


@pytest.fixture
def by(acme: Workspace) -> Actor:
    return Actor(
        workspace=acme.slug,
        person="alice@example.com",
        role="admin",
        address="192.0.2.7",
        request_id="r1",
    )


@pytest.fixture
def ready() -> Iterator[list[Key]]:
    """The keys that were said to be ready to poll with."""
    said: list[Key] = []

    def hear(*, key: Key, **_: Any) -> None:
        said.append(key)

    key_ready.connect(hear)
    yield said
    key_ready.disconnect(hear)


def add(owner: User, workspace: Workspace, by: Actor, now: datetime, **given: Any) -> Key:
    fields: dict[str, Any] = {
        "name": "laptop",
        "secret": "demo-org-key",
        "api_url": URL,
        "shared": False,
    }
    return actions.add(workspace=workspace, owner=owner, by=by, now=now, **(fields | given))


def trail() -> list[tuple[str, str, str]]:
    return list(Event.objects.order_by("pk").values_list("action", "outcome", "reason"))


def test_adding_a_key(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = add(alice, acme, by, now, shared=True)

    kept = Key.objects.get()
    assert kept.secret() == "demo-org-key"
    assert (kept.state, kept.state_since, kept.checked_at) == ("healthy", now, now)
    assert (kept.can_list, kept.can_manage, kept.shared) == (True, True, True)
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


def test_a_key_the_api_refuses_is_not_kept_but_the_attempt_is(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    with pytest.raises(errors.Unauthorized):
        add(alice, acme, by, now, secret="nobody-gave-this-out")

    assert Key.objects.count() == 0
    assert ready == []
    reason = "The Loops API refused this key: Invalid API key."
    assert trail() == [("key.add", "refused", reason)]


def test_an_api_that_is_down_keeps_nothing(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    loops.fail("*", "status", count=None, status=503)

    with pytest.raises(errors.ServerError) as raised:
        add(alice, acme, by, now)

    assert Key.objects.count() == 0
    assert trail() == [("key.add", "unknown", raised.value.plain)]


def test_a_key_without_any_scope_is_kept_and_marked(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    user = loops.world.keys["demo-org-key"].user
    loops.world.add_key("AbCdEfGh.good-for-nothing", user, scopes=())

    key = add(alice, acme, by, now, secret="AbCdEfGh.good-for-nothing")

    assert (key.state, key.state_reason) == ("forbidden", actions.WITHOUT_SCOPES)
    assert ready == []


def test_the_same_key_twice_in_a_workspace_is_refused_unasked(
    alice: User, otto: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key_of(alice, acme, name="laptop")

    with pytest.raises(actions.DuplicateKey) as own:
        add(alice, acme, by, now, name="again")
    with pytest.raises(actions.DuplicateKey) as anothers:
        add(otto, acme, by, now)

    assert str(own.value) == "This is your key “laptop”, which this workspace has already."
    assert str(anothers.value) == "This workspace has this key already."
    assert loops.requests == []


def test_the_same_key_in_another_workspace_is_welcome(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    other = alice.teams.exclude(pk=acme.team_id).get().workspaces.get()
    key_of(alice, acme)

    assert add(alice, other, by, now).workspace == other


def test_a_key_is_not_tried_at_an_address_that_is_not_allowed(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    with pytest.raises(KeyUnusable):
        add(alice, acme, by, now, api_url="https://evil.example.com")

    assert loops.requests == []


def test_rechecking_learns_what_changed(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = key_of(alice, acme, state="refused", state_reason="Invalid API key.", can_manage=False)

    actions.recheck(key=key, by=by, now=now)

    kept = Key.objects.get()
    assert (kept.state, kept.state_reason, kept.state_since) == ("healthy", "", now)
    assert (kept.can_manage, kept.checked_at) == (True, now)
    assert ready == [key]
    assert trail() == [("key.check", "succeeded", "")]


def test_rechecking_a_revoked_key_marks_it(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = key_of(alice, acme)
    loops.world.revoke("demo-org-key")

    actions.recheck(key=key, by=by, now=now)

    kept = Key.objects.get()
    reason = "The Loops API refused this key: Invalid API key."
    assert (kept.state, kept.state_reason, kept.checked_at) == ("refused", reason, now)
    assert ready == []
    assert trail() == [("key.check", "refused", reason)]


def test_rechecking_while_the_api_is_down_leaves_what_was_known(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = key_of(alice, acme, checked_at=now - timedelta(days=1))
    loops.fail("*", "status", count=None, status=503)

    with pytest.raises(errors.ServerError):
        actions.recheck(key=key, by=by, now=now)

    kept = Key.objects.get()
    assert (kept.state, kept.can_manage) == ("healthy", True)
    assert kept.checked_at == now - timedelta(days=1)
    assert [outcome for _, outcome, _ in trail()] == ["unknown"]


def test_rechecking_a_key_that_cannot_be_decrypted_says_so(
    alice: User,
    acme: Workspace,
    by: Actor,
    now: datetime,
    loops: Simulator,
    settings: Settings,
) -> None:
    key = key_of(alice, acme)
    settings.LOOPSWEB_SECRET_KEYS = "2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    actions.recheck(key=key, by=by, now=now)

    kept = Key.objects.get()
    assert (kept.state, kept.state_since) == ("unreadable", now)
    assert kept.state_reason == (
        "This secret was encrypted with the ring key '1', which LOOPSWEB_SECRET_KEYS does not "
        "hold. Add '1' to it again, or store the secret anew."
    )
    assert loops.requests == []


def test_replacing_a_key(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = key_of(alice, acme, state="refused", state_reason="It was revoked.")

    actions.replace(key=key, secret="demo-other-key", by=by, now=now)

    kept = Key.objects.get()
    assert kept.secret() == "demo-other-key"
    assert (kept.uid, kept.state, kept.state_reason) == (key.uid, "healthy", "")
    assert ready == [key]
    assert trail() == [("key.replace", "succeeded", "")]


def test_a_refused_replacement_leaves_the_key_as_it_was(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = key_of(alice, acme)
    before = Key.objects.values().get()

    with pytest.raises(errors.Unauthorized):
        actions.replace(key=key, secret="nobody-gave-this-out", by=by, now=now)

    assert Key.objects.values().get() == before
    assert key.secret() == "demo-org-key"


def test_a_key_may_be_replaced_by_itself_but_not_by_its_neighbour(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = key_of(alice, acme)
    key_of(alice, acme, secret="demo-other-key", name="other")

    actions.replace(key=key, secret="demo-org-key", by=by, now=now)
    with pytest.raises(actions.DuplicateKey):
        actions.replace(key=key, secret="demo-other-key", by=by, now=now)


def test_sharing_and_no_longer_sharing(
    alice: User, acme: Workspace, by: Actor, now: datetime
) -> None:
    key = key_of(alice, acme)

    actions.share(key=key, shared=True, by=by, now=now)
    assert Key.objects.get().shared is True
    actions.share(key=key, shared=False, by=by, now=now)
    assert Key.objects.get().shared is False

    answers = Event.objects.order_by("pk").values_list("action", "answer")
    assert list(answers) == [("key.share", {"shared": True}), ("key.share", {"shared": False})]


def test_removing_a_key_deletes_it_and_leaves_the_event(
    alice: User, acme: Workspace, by: Actor, now: datetime
) -> None:
    key = key_of(alice, acme, name="laptop")
    uid, known_by = key.uid, key.fingerprint

    actions.remove(key=key, by=by, now=now)

    assert Key.objects.count() == 0
    event = Event.objects.get()
    assert (event.action, event.target_name) == ("key.remove", "laptop")
    assert (uuid.UUID(event.target_id), event.key_fingerprint) == (uid, known_by)


def test_what_cannot_be_recorded_is_not_done(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = key_of(alice, acme)
    unrecordable = Actor(**(by | {"address": None}))  # type: ignore[typeddict-item]

    for action in (
        lambda: actions.share(key=key, shared=True, by=unrecordable, now=now),
        lambda: actions.remove(key=key, by=unrecordable, now=now),
        lambda: actions.replace(key=key, secret="demo-other-key", by=unrecordable, now=now),
    ):
        with pytest.raises(Exception, match="address"):
            action()

    kept = Key.objects.get()
    assert (kept.secret(), kept.shared) == ("demo-org-key", False)
