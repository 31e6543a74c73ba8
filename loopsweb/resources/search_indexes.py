"""Indexes by which any part of a row's search text is found among hundreds of thousands of rows.

PostgreSQL has an index of trigrams, if its extension pg_trgm is there or the role that migrates
may create it. SQLite reads the text from an index instead of the far larger rows. They are no part
of the models, because each database has its own, and SQLite loses them when a migration rewrites
the table: they are created each time that migrations have run.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, connections, models

from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.nouns import NOUNS

SHORTEST = 3  # letters of a word by which trigrams find rows
COLUMNS = {
    "sqlite": "(workspace_id, {newest} DESC, id DESC, search_text)",
    "postgresql": "USING gin (search_text gin_trgm_ops)",
}
MAY_HAVE_TRIGRAMS = """
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')
    OR (EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
        AND has_database_privilege(current_database(), 'CREATE'))
"""
MODELS: tuple[type[models.Model], ...] = (*(noun.model for noun in NOUNS.values()), Deactivation)


def get_newest_field(model: type[models.Model]) -> str:
    """The column whose descending order is that of an index."""
    return getattr(model, "newest_field", "requested_at")


def name_index(model: type[models.Model]) -> str:
    return f"{model._meta.db_table}_search"


def create_indexes(*, using: str, **_: Any) -> None:
    """After migrations. Does nothing where the indexes are there, or cannot be had."""
    database = connections[using]
    on_postgresql = database.vendor == "postgresql"
    with database.cursor() as cursor:
        if on_postgresql:
            cursor.execute(MAY_HAVE_TRIGRAMS)
            if cursor.fetchone() != (True,):
                return
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for model in MODELS:
            columns = COLUMNS[database.vendor].format(newest=get_newest_field(model))
            name, table = name_index(model), model._meta.db_table
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} {columns}")


def can_search_all(words: list[str]) -> bool:
    """Whether `words` are found among all rows in the time of a page."""
    if connection.vendor != "postgresql":
        return True
    if not any(len(word) >= SHORTEST for word in words):
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name_index(MODELS[0])])
        return bool(cursor.fetchone()[0])
