from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection

from loopsweb.audit.chain import (
    append_only,
    export,
)
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event

WILD = {"text": "nul\x00 \ud800 \u2028 <&> é 🧪", "float": 0.1, "big": 2**70, "deep": [None, True]}


@pytest.fixture
def events(db: None, now: datetime) -> list[Event]:
    return [
        record_event(
            workspace="acme",
            action="deployment.deactivate",
            outcome="succeeded",
            person=f"p{number}@example.com",
            reason="budget",
            target_owner="owner@example.com",
            answer=WILD | {"number": number},
            now=now + timedelta(microseconds=number),
        )
        for number in range(5)
    ]


@pytest.fixture
def without_triggers(db: None) -> None:
    """Does what a database administrator can do."""
    append_only.remove_triggers(apps, connection.schema_editor())


@pytest.fixture
def exported(events: list[Event], now: datetime) -> bytes:
    return b"".join(export.export_chain("acme", now=now))
