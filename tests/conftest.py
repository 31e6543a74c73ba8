from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import hypothesis
import pytest
from django.apps import apps
from django.core.cache import caches
from django.core.management.commands.flush import Command as Flush
from django.db import connection

from loopsweb.accounts.models import Role, User, Workspace, found_team
from loopsweb.audit.chain import append_only
from loopsweb.keys.models import Key
from loopsweb.loops_api import http_client
from loopsweb.simulator import Simulator
from tests import personas

# How long an example takes says how busy the machine is, nothing else.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 21, 17, tzinfo=UTC)


@pytest.fixture
def alice(db: None) -> User:
    return personas.founded_by("alice")


@pytest.fixture
def acme(alice: User) -> Workspace:
    return found_team(name="Acme", founder=alice).workspaces.get()


@pytest.fixture
def otto(acme: Workspace) -> User:
    return personas.joins(acme, name="otto", role=Role.OPERATOR)


@pytest.fixture
def vic(acme: Workspace) -> User:
    return personas.joins(acme, name="vic", role=Role.VIEWER)


@pytest.fixture
def mallory(db: None) -> User:
    return personas.founded_by("mallory")


@pytest.fixture
def loops(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The API, pretended: every client of this process reaches it instead of the network."""
    simulator = Simulator(now=now)
    with httpx.Client(transport=httpx.WSGITransport(app=simulator.wsgi)) as http:
        monkeypatch.setattr(http_client, "http", lambda: http)
        yield simulator


@pytest.fixture
def key(loops: Simulator, acme: Workspace, alice: User, now: datetime) -> Key:
    """The organisation's key, put into acme by alice, who lets the team act with it."""
    return personas.adds_key(alice, workspace=acme, secret="demo-org-key", shared=True, now=now)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    for cache in caches.all():
        cache.clear()


@pytest.fixture(autouse=True, scope="session")
def audit_events_give_way_to_a_flush() -> Iterator[None]:
    """A transactional test ends by emptying every table, which the audit's triggers refuse."""
    flush = Flush.handle

    def without_triggers(self: Flush, **options: Any) -> None:
        with connection.schema_editor() as editor:
            append_only.remove(apps, editor)
        flush(self, **options)
        with connection.schema_editor() as editor:
            append_only.install(apps, editor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flush, "handle", without_triggers)
        yield
