"""Rows written by a statement that is written once a process are those that the ORM would write."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from loopsweb import prepared_writes
from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event, SearchText
from loopsweb.prepared_writes import PreparedInsert, PreparedUpdate
from loopsweb.resources.models import Run

WILD_TEXTS = [
    "",
    "a ' and a %s",
    'Bob\'s "{b}", \\',
    "line\nbreak\ttab",
    "é e\u0301 \U0001f600 \u2028",
    "NULL",
]


def test_inserted_rows_are_those_of_the_orm(
    acme: Workspace, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three batches of rows that have text, JSON, times and UUIDs, and then some written over."""
    insertion, fields = PreparedInsert(Event), Event._meta.concrete_fields
    monkeypatch.setattr(prepared_writes, "ROWS_AT_ONCE", 2)
    events = [
        Event(
            workspace="acme", sequence=number, previous="0" * 64, digest="1" * 64,
            at=timezone.now(), commitments={"person": "é"},
            answer=[number, {"a": None}], reason="a ' and a %s",
        )
        for number in range(1, 6)
    ]  # fmt: skip
    with connection.cursor() as cursor:
        keys = insertion.insert(
            cursor, [[getattr(event, name) for name in insertion.names] for event in events]
        )
    for event, key in zip(events, keys, strict=True):
        stored = Event.objects.get(pk=key)
        event.pk = key
        assert [getattr(stored, f.attname) for f in fields] == [
            getattr(event, f.attname) for f in fields
        ]

    texts = PreparedInsert(SearchText, replaces=True)
    with connection.cursor() as cursor:
        for word in ("first", "second"):
            assert texts.insert(cursor, [(key, word) for key in keys]) == keys
    assert list(SearchText.objects.order_by("pk").values_list("pk", "text")) == [
        (key, "second") for key in sorted(keys)
    ]


@pytest.mark.parametrize("how_many", [1, 3])
def test_every_value_comes_back(acme: Workspace, now: datetime, how_many: int) -> None:
    values: list[dict[str, Any]] = [
        {
            "name": text,
            "raw": {"id": text, text: [None, True, 0.1, -(2**53), {"a": []}]},
            "usd_per_hour": Decimal("12345678.000001"),
            "gpus": None,
            "created_at": now + timedelta(microseconds=1),
            "missing_since": None,
            "is_status_omitted": True,
        }
        for text in WILD_TEXTS
    ]
    runs = [
        Run(workspace=acme, remote_id=f"run{n}", first_seen_at=now, changed_at=now, **each)
        for n, each in enumerate(values)
    ]
    insertion = PreparedInsert(Run)
    for start in range(0, len(runs), how_many):
        with connection.cursor() as cursor:
            some = runs[start : start + how_many]
            insertion.insert_models(cursor, some)
    stored = Run.objects.order_by("remote_id")
    assert [{name: getattr(run, name) for name in values[0]} for run in stored] == values


@pytest.mark.parametrize("how_many", [1, 3])
def test_an_update_writes_its_fields_alone(acme: Workspace, now: datetime, how_many: int) -> None:
    common = {"workspace": acme, "first_seen_at": now, "changed_at": now, "name": "before"}
    runs = [Run.objects.create(remote_id=f"run{n}", **common) for n in range(how_many + 1)]
    for run, text in zip(runs, WILD_TEXTS, strict=False):
        run.name, run.owner_email, run.gpus = text + "after", "lost@example.com", 8
    with connection.cursor() as cursor:
        PreparedUpdate(Run, ("name", "gpus")).update(cursor, runs[:how_many])
    stored = list(Run.objects.order_by("remote_id").values_list("name", "owner_email", "gpus"))
    expected = [(text + "after", "", 8) for text in WILD_TEXTS[:how_many]]
    assert stored == [*expected, ("before", "", None)]
