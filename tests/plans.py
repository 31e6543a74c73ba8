"""The plan of a query, where PostgreSQL may not choose by the statistics earlier tests left.

Small tables cost the same by many ways, so each way but the one that is asked for is barred
until the test's transaction ends. SQLite keeps no such statistics: its choice is always the same.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def explain_in_order(rows: QuerySet[Any, Any]) -> str:
    """The plan that reads ``rows`` in the order of an index, if there is such an index."""
    _bar("seqscan", "bitmapscan", "sort", "incremental_sort")
    return rows.explain()


def explain_with_index(rows: QuerySet[Any, Any], name: str) -> str:
    """The plan that reads ``rows`` with the index ``name``."""
    _bar("seqscan", "bitmapscan")
    if connection.vendor == "postgresql":
        _drop_other_indexes(rows.model._meta.db_table, name)
    return rows.explain()


def _bar(*ways: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for way in ways:
                cursor.execute(f"SET LOCAL enable_{way} = off")


def _drop_other_indexes(table: str, kept: str) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
        for name, one in found.items():
            if one["index"] and name != kept:
                cursor.execute(f'DROP INDEX "{name}"')
            elif one["unique"] and not one["primary_key"]:
                cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
