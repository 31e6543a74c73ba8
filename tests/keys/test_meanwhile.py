"""What happens to a key while the API is asked about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.clients import KeyUnusable
from loopsweb.keys.models import Key
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi
from tests.keys.factory import create_key, list_event_outcomes

OTHER_URL = "https://api.other.example"
Interrupt = Callable[[Callable[[], object]], None]


@pytest.fixture
def interrupt(now: datetime, connect_api: ConnectApi) -> Iterator[Interrupt]:
    """Does something once, while the API is asked."""
    simulator, waiting = Simulator(now=now), list[Callable[[], object]]()

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        while waiting:
            waiting.pop()()
        return simulator(environ, start_response)

    connect_api(httpx.WSGITransport(app=answer))
    yield waiting.append
    assert waiting == []


def test_a_removed_key_stays_removed(
    alice: User, acme: Workspace, by: Actor, now: datetime, interrupt: Interrupt
) -> None:
    for ask in (actions.recheck, lambda **given: actions.replace(secret="demo-other-key", **given)):
        key = create_key(alice, acme)
        interrupt(lambda key=key: actions.remove(key=key, by=by, now=now))  # type: ignore[misc]
        with pytest.raises(KeyUnusable, match="removed while the API was asked"):
            ask(key=key, by=by, now=now)

    assert Key.objects.count() == 0
    assert list_event_outcomes() == [
        ("key.remove", "succeeded", ""),
        ("key.check", "unknown", actions.CHANGED),
        ("key.remove", "succeeded", ""),
        ("key.replace", "unknown", actions.CHANGED),
    ]


def test_a_replaced_key_keeps_its_new_secret(
    alice: User, acme: Workspace, by: Actor, now: datetime, interrupt: Interrupt
) -> None:
    key = create_key(alice, acme)
    interrupt(lambda: actions.replace(key=key, secret="demo-other-key", by=by, now=now))

    with pytest.raises(KeyUnusable):
        actions.recheck(key=key, by=by, now=now)

    assert Key.objects.get().decrypt_secret() == "demo-other-key"


def test_a_key_that_is_no_longer_shared_stays_so(
    alice: User, acme: Workspace, by: Actor, now: datetime, interrupt: Interrupt
) -> None:
    key = create_key(alice, acme, shared=True)
    interrupt(lambda: actions.share(key=Key.objects.get(), shared=False, by=by, now=now))

    actions.recheck(key=key, by=by, now=now)

    assert (Key.objects.get().shared, Key.objects.get().checked_at) == (False, now)


def test_a_key_of_another_api_comes_too_late(
    alice: User,
    acme: Workspace,
    by: Actor,
    now: datetime,
    interrupt: Interrupt,
    settings: Settings,
) -> None:
    settings.LOOPSWEB_API_URLS = [OTHER_URL]
    given = {"workspace": acme, "owner": alice, "secret": "demo-org-key", "shared": False}
    interrupt(lambda: create_key(alice, acme, secret="demo-other-key"))

    with pytest.raises(actions.DifferentApi):
        actions.add(**given, name="late", api_url=OTHER_URL, by=by, now=now)  # type: ignore[arg-type]

    assert [key.name for key in Key.objects.all()] == ["laptop"]
