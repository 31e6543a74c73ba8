"""Appending to the audit chain, beside a bare INSERT of the same row; both committed.

The statements of an append are measured alone too: no append can cost less than they do.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench import timing
from bench.figures import Besides, Figure
from bench.sizes import Sizes
from loopsweb.audit.append import MOVE_HEAD, lock_head
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from loopsweb.audit.search import TEXTS
from loopsweb.prepared_queries import open_cursor

FIELDS: dict[str, Any] = {
    "action": "deployment.deactivate",
    "outcome": "observed",
    "person": "engineer01@example.com",
    "role": "operator",
    "address": "192.0.2.1",
    "request_id": "0123456789abcdef",
    "target_noun": "deployment",
    "target_id": "dep_0123456789",
    "reason": "The experiment has ended.",
    "answer": {"id": "dep_0123456789", "base_model": "Qwen/Qwen3-8B"},
}


def measure(sizes: Sizes) -> Figure:
    chained, bare = "bench-chained", "bench-bare"
    pattern = record_event(workspace=bare, now=timezone.now(), **FIELDS)
    fields = [field for field in Event._meta.concrete_fields if not field.primary_key]
    names = [connection.ops.quote_name(str(field.column)) for field in fields]
    places = ", ".join(["%s"] * len(names))
    statement = f"INSERT INTO audit_event ({', '.join(names)}) VALUES ({places})"  # noqa: S608
    values: dict[str, Any] = {
        field.name: field.get_db_prep_save(getattr(pattern, field.attname), connection)
        for field in fields
    }
    sequence = count(2)

    def append() -> None:
        record_event(workspace=chained, now=timezone.now(), **FIELDS)

    def insert_with(cursor: Any) -> None:
        cursor.execute(statement, list((values | {"sequence": next(sequence)}).values()))

    def insert() -> None:
        with connection.cursor() as cursor:
            insert_with(cursor)

    @transaction.atomic
    def execute_statements() -> None:
        with open_cursor() as cursor:
            _, digest = lock_head(cursor, bare)
            insert_with(cursor)
            TEXTS.insert(cursor, [(-next(sequence), "an event")])
            cursor.execute(MOVE_HEAD, [1, digest, bare])

    calls = {"append": append, "insert": insert, "statements": execute_statements}
    spent = timing.measure_medians(calls, rounds=sizes.rounds * 5)
    alone: Besides = {"for its statements alone": (spent["statements"] * 1000, None, "ms")}
    name = "append of a chained event"
    return Figure(name, spent["append"] * 1000, spent["insert"] * 1000, 1.6, besides=alone)
