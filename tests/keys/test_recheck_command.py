from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key, KeyState
from loopsweb.simulator import Simulator
from tests.keys.factory import list_event_outcomes


def recheck(*options: str) -> str:
    output = io.StringIO()
    call_command("keys", "recheck", *options, stdout=output)
    return output.getvalue()


def test_it_asks_again_about_keys_no_longer_used(key: Key, acme: Workspace) -> None:
    assert recheck() == ""
    Key.objects.update(state=KeyState.REFUSED, state_reason="No.")

    assert recheck() == f"acme, alice@example.com, {key}: Healthy\n"

    key.refresh_from_db()
    assert (key.state, key.state_reason) == (KeyState.HEALTHY, "")
    assert list_event_outcomes() == [
        ("key.add", "succeeded", ""),
        ("key.check", "succeeded", ""),
    ]


def test_all_includes_healthy_keys(key: Key, loops: Simulator) -> None:
    loops.add_fault("*", "status", count=None, status=401)
    assert recheck("--all") == f"acme, alice@example.com, {key}: Refused by the API\n"


def test_it_fails_when_the_api_cannot_be_asked(key: Key, loops: Simulator) -> None:
    loops.add_fault("*", "status", count=None, status=500)
    with pytest.raises(CommandError, match=r"^1 key could not be checked\.$"):
        recheck("--all")
    key.refresh_from_db()
    assert key.is_healthy
