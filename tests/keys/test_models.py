from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.cipher import Undecryptable, UnknownRingKey
from loopsweb.keys.models import Key, KeyState
from tests.keys.factory import create_key

OTHER_RING = "2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def test_a_key_is_stored_encrypted(alice: User, acme: Workspace) -> None:
    key = create_key(alice, acme, secret="AbCdEfGh.0123456789abcdef")

    row = Key.objects.values().get(pk=key.pk)
    assert [value for value in row.values() if "0123456789" in str(value)] == []
    assert (row["prefix"], row["last4"], row["ring_id"]) == ("AbCdEfGh", "cdef", "1")
    assert Key.objects.get(pk=key.pk).decrypt_secret() == "AbCdEfGh.0123456789abcdef"


@pytest.mark.parametrize("field", ["owner", "workspace", "uid"])
def test_a_ciphertext_in_another_row_does_not_decrypt(
    field: str, alice: User, mallory: User, acme: Workspace
) -> None:
    key = create_key(alice, acme)
    theirs = mallory.teams.get().workspaces.get()
    other = create_key(mallory, theirs, secret="demo-other-key")

    setattr(key, field, getattr(other, field))

    with pytest.raises(Undecryptable):
        key.decrypt_secret()


def test_a_key_moved_to_another_url_does_not_decrypt(alice: User, acme: Workspace) -> None:
    key = create_key(alice, acme)

    Key.objects.update(api_url="https://api.other.example.com")

    with pytest.raises(Undecryptable):
        Key.objects.get(pk=key.pk).decrypt_secret()


def test_a_key_whose_ring_key_was_removed(alice: User, acme: Workspace, settings: Settings) -> None:
    key = create_key(alice, acme)

    settings.LOOPSWEB_SECRET_KEYS = OTHER_RING

    with pytest.raises(UnknownRingKey):
        key.decrypt_secret()


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("AbCdEfGh.0123456789abcdef", "laptop (AbCdEfGh…cdef)"),
        ("demo-org-key", "laptop (…-key)"),
        ("12345678", "laptop"),
    ],
)
def test_key_labels(secret: str, shown: str, alice: User, acme: Workspace) -> None:
    assert str(create_key(alice, acme, secret=secret, name="laptop")) == shown


def test_a_state_change_records_its_time(alice: User, acme: Workspace, now: datetime) -> None:
    key = create_key(alice, acme)
    later = now + timedelta(minutes=5)

    assert key.set_state(KeyState.REFUSED, "Invalid API key.", now=now) is True
    assert key.set_state(KeyState.REFUSED, "Invalid API key.", now=later) is False
    assert key.set_state(KeyState.REFUSED, "Key has expired.", now=later) is True

    key.refresh_from_db()
    assert (key.state, key.state_reason, key.state_since) == ("refused", "Key has expired.", now)


def test_a_key_replaced_meanwhile_keeps_its_state(
    alice: User, acme: Workspace, now: datetime
) -> None:
    key = create_key(alice, acme)
    replaced = Key.objects.get(pk=key.pk)
    replaced.set_secret("demo-other-key")
    replaced.save()

    assert key.set_state(KeyState.REFUSED, "Invalid API key.", now=now) is False

    assert Key.objects.get().state == "healthy"


@pytest.mark.parametrize(
    ("fields", "method", "reason"),
    [
        ({}, "deactivate_deployment", ""),
        ({"can_manage": None}, "deactivate_deployment", ""),
        (
            {"can_manage": False},
            "deactivate_deployment",
            "The API key laptop (…-key) lacks the scope manage_org_training_projects.",
        ),
        ({"can_manage": False}, "list_runs", ""),
        (
            {"can_list": False},
            "list_runs",
            "The API key laptop (…-key) lacks the scope manage_own_user_or_service_account.",
        ),
        ({"offers": {}}, "list_logs", ""),
        ({"offers": {"list_logs": True}}, "list_logs", ""),
        ({"offers": {"list_logs": False}}, "list_logs", "This Loops server does not offer this."),
        ({"can_manage": False}, "get_identity", ""),
        (
            {"state": "refused", "state_reason": "It was revoked."},
            "list_runs",
            "The API key laptop (…-key) cannot be used: It was revoked.",
        ),
    ],
)
def test_refusals_of_a_key(
    fields: dict[str, Any], method: str, reason: str, alice: User, acme: Workspace
) -> None:
    assert create_key(alice, acme, name="laptop", **fields).explain_missing_access(method) == reason
