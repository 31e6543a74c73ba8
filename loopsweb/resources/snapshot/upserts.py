"""Insert rows, or update those that are there, with statements that are written once a process."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TypeVar

from django.db import connection

from loopsweb.prepared_writes import PreparedInsert
from loopsweb.resources.snapshot.models import FIGURES, MEASURED, Snapshot
from loopsweb.ui.search import write_search_text

NEVER_UPDATED = frozenset({"id", "workspace", "remote_id", "first_seen_at", *FIGURES, *MEASURED})

S = TypeVar("S", bound=Snapshot)


@cache
def prepare_upsert(model: type[Snapshot], unreported: frozenset[str]) -> PreparedInsert:
    kept = NEVER_UPDATED | unreported
    fields = [field for field in model._meta.concrete_fields if field.name not in kept]
    updated = [str(field.column) for field in fields]
    return PreparedInsert(model, unique=("workspace_id", "remote_id"), updated=updated)


def upsert_rows(model: type[S], rows: list[S], *, unreported: Collection[str]) -> None:
    """unreported: columns that stay as they are. The rows have them as they are stored."""
    upsert = prepare_upsert(model, frozenset(unreported))
    for row in rows:
        write_search_text(row)
    if rows:
        with connection.cursor() as cursor:
            keys = upsert.insert_models(cursor, rows)
        for row, key in zip(rows, keys, strict=True):
            row.pk, row._state.adding = key, False
