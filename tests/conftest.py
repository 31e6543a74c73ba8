from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import hypothesis
import pytest
from django.apps import apps
from django.core.cache import caches
from django.core.management.commands.flush import Command as Flush
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import Role, User, Workspace, set_up_team
from loopsweb.audit.chain import append_only
from loopsweb.keys.models import Key
from loopsweb.loops_api import connection_pool
from loopsweb.resources.snapshot.viewers import record_viewer_in_turn
from loopsweb.simulator import Simulator
from tests import personas

# No deadlines: they would only measure how busy the machine is.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 21, 17, tzinfo=UTC)


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests are in the same minute: a page with pictures is drawn anew in the next one."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def alice(db: None) -> User:
    return personas.create_founder("alice")


@pytest.fixture
def acme(alice: User) -> Workspace:
    return set_up_team(name="Acme", founder=alice).workspaces.get()


@pytest.fixture
def otto(acme: Workspace) -> User:
    return personas.create_member(acme, name="otto", role=Role.OPERATOR)


@pytest.fixture
def vic(acme: Workspace) -> User:
    return personas.create_member(acme, name="vic", role=Role.VIEWER)


@pytest.fixture
def mallory(db: None) -> User:
    return personas.create_founder("mallory")


ConnectApi = Callable[[httpx.BaseTransport], None]


@pytest.fixture
def connect_api(monkeypatch: pytest.MonkeyPatch) -> ConnectApi:
    """Let every client of this process use a transport instead of the network."""

    def connect(transport: httpx.BaseTransport) -> None:
        monkeypatch.setattr(connection_pool, "get_shared_pool", lambda: transport)

    return connect


@pytest.fixture
def loops(now: datetime, connect_api: ConnectApi) -> Simulator:
    """The simulated API, which every client of this process uses."""
    simulator = Simulator(now=now)
    connect_api(httpx.WSGITransport(app=simulator))
    return simulator


@pytest.fixture
def key(loops: Simulator, acme: Workspace, alice: User, now: datetime) -> Key:
    """The organisation's key, added to acme by alice and shared with the team."""
    return personas.add_key(alice, workspace=acme, secret="demo-org-key", shared=True, now=now)


@pytest.fixture(autouse=True)
def site_url(settings: Settings) -> None:
    """Under which the test client opens the site."""
    settings.LOOPSWEB_URL = "http://testserver"


@pytest.fixture(autouse=True)
def static_files_when_asked(settings: Settings) -> None:
    """Look for a static file when it is asked for. Every test client would list all of them."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    for cache in caches.all():
        cache.clear()
    record_viewer_in_turn.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def allow_flushing_audit_events() -> Iterator[None]:
    """Transactional tests end by truncating all tables, which the audit's triggers refuse."""
    flush = Flush.handle

    def without_triggers(self: Flush, **options: Any) -> None:
        with connection.schema_editor() as editor:
            append_only.remove_triggers(apps, editor)
        flush(self, **options)
        with connection.schema_editor() as editor:
            append_only.install_triggers(apps, editor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flush, "handle", without_triggers)
        yield
