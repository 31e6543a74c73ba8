from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.simulator import Simulator
from tests.keys.factory import create_key, list_event_outcomes


def test_rechecking_updates_the_key(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = create_key(
        alice, acme, state="refused", state_reason="Invalid API key.", can_manage=False
    )

    actions.recheck(key=key, by=by, now=now)

    saved = Key.objects.get()
    assert (saved.state, saved.state_reason, saved.state_since) == ("healthy", "", now)
    assert (saved.can_manage, saved.checked_at) == (True, now)
    assert ready == [key]
    assert list_event_outcomes() == [("key.check", "succeeded", "")]


def test_rechecking_a_revoked_key_marks_it(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = create_key(alice, acme)
    loops.world.revoke_key("demo-org-key")

    actions.recheck(key=key, by=by, now=now)

    saved = Key.objects.get()
    reason = "The Loops API refused this key: Invalid API key."
    assert (saved.state, saved.state_reason, saved.checked_at) == ("refused", reason, now)
    assert ready == []
    assert list_event_outcomes() == [("key.check", "refused", reason)]


def test_rechecking_while_the_api_is_down_changes_nothing(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = create_key(alice, acme, checked_at=now - timedelta(days=1))
    loops.add_fault("*", "status", count=None, status=503)

    with pytest.raises(errors.ServerError):
        actions.recheck(key=key, by=by, now=now)

    saved = Key.objects.get()
    assert (saved.state, saved.can_manage) == ("healthy", True)
    assert saved.checked_at == now - timedelta(days=1)
    assert [outcome for _, outcome, _ in list_event_outcomes()] == ["unknown"]


def test_rechecking_a_key_that_cannot_be_decrypted_says_so(
    alice: User,
    acme: Workspace,
    by: Actor,
    now: datetime,
    loops: Simulator,
    settings: Settings,
) -> None:
    key = create_key(alice, acme)
    settings.LOOPSWEB_SECRET_KEYS = "2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    actions.recheck(key=key, by=by, now=now)

    saved = Key.objects.get()
    assert (saved.state, saved.state_since) == ("unreadable", now)
    assert saved.state_reason == (
        "This secret was encrypted with the ring key '1', which LOOPSWEB_SECRET_KEYS does not "
        "hold. Add '1' to it again, or enter the secret again."
    )
    assert loops.requests == []


def test_replacing_a_key(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator, ready: list[Key]
) -> None:
    key = create_key(alice, acme, state="refused", state_reason="It was revoked.")

    actions.replace(key=key, secret="demo-other-key", by=by, now=now)

    saved = Key.objects.get()
    assert saved.decrypt_secret() == "demo-other-key"
    assert (saved.uid, saved.state, saved.state_reason) == (key.uid, "healthy", "")
    assert ready == [key]
    assert list_event_outcomes() == [("key.replace", "succeeded", "")]


def test_a_refused_replacement_changes_nothing(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = create_key(alice, acme)
    before = Key.objects.values().get()

    with pytest.raises(errors.Unauthorized):
        actions.replace(key=key, secret="nobody-gave-this-out", by=by, now=now)

    assert Key.objects.values().get() == before
    assert key.decrypt_secret() == "demo-org-key"


def test_a_key_can_be_replaced_by_itself_but_not_by_another_stored_key(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = create_key(alice, acme)
    create_key(alice, acme, secret="demo-other-key", name="other")

    actions.replace(key=key, secret="demo-org-key", by=by, now=now)
    with pytest.raises(actions.DuplicateKey):
        actions.replace(key=key, secret="demo-other-key", by=by, now=now)


def test_sharing_can_be_turned_on_and_off(
    alice: User, acme: Workspace, by: Actor, now: datetime
) -> None:
    key = create_key(alice, acme)

    actions.share(key=key, shared=True, by=by, now=now)
    assert Key.objects.get().shared is True
    actions.share(key=key, shared=False, by=by, now=now)
    assert Key.objects.get().shared is False

    answers = Event.objects.order_by("pk").values_list("action", "answer")
    assert list(answers) == [("key.share", {"shared": True}), ("key.share", {"shared": False})]


def test_removing_a_key_leaves_only_the_event(
    alice: User, acme: Workspace, by: Actor, now: datetime
) -> None:
    key = create_key(alice, acme, name="laptop")
    uid, known_by = key.uid, key.fingerprint

    actions.remove(key=key, by=by, now=now)

    assert Key.objects.count() == 0
    event = Event.objects.get()
    assert (event.action, event.target_name) == ("key.remove", "laptop")
    assert (uuid.UUID(event.target_id), event.key_fingerprint) == (uid, known_by)


def test_nothing_is_sent_unless_recorded(
    alice: User, acme: Workspace, by: Actor, now: datetime, loops: Simulator
) -> None:
    key = create_key(alice, acme)
    unrecordable = Actor(**(by | {"address": None}))  # type: ignore[typeddict-item]

    for action in (
        lambda: actions.share(key=key, shared=True, by=unrecordable, now=now),
        lambda: actions.remove(key=key, by=unrecordable, now=now),
        lambda: actions.replace(key=key, secret="demo-other-key", by=unrecordable, now=now),
    ):
        with pytest.raises(Exception, match="address"):
            action()

    saved = Key.objects.get()
    assert (saved.decrypt_secret(), saved.shared) == ("demo-org-key", False)
