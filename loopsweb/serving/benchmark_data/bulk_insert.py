"""Inserts many rows at once: a hundred thousand in seconds, without making a model of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, models

Values = dict[str, Any]  # by column


class Table:
    """The rows of one model. Those inserted have the values of `pattern`, which is not saved, but
    for the columns that they name. Texts that are searched are up to the caller."""

    def __init__(self, pattern: models.Model) -> None:
        self.name = pattern._meta.db_table
        fields = [field for field in pattern._meta.concrete_fields if not field.primary_key]
        self.shared = {
            str(field.column): field.get_db_prep_save(field.pre_save(pattern, add=True), connection)
            for field in fields
        }

    def insert(self, rows: Iterable[Values]) -> None:
        shared, names = self.shared, list(self.shared)
        is_postgresql = connection.vendor == "postgresql"
        adapters: dict[type, Callable[[Any], Any]] = {dict: encode_json, list: encode_json}
        if not is_postgresql:
            adapters[datetime] = connection.ops.adapt_datetimefield_value

        def adapt(value: Any) -> Any:
            adapter = adapters.get(type(value))
            return adapter(value) if adapter else value

        adapted = (list(map(adapt, (shared | row).values())) for row in rows)
        quote = connection.ops.quote_name
        target = f"{quote(self.name)} ({', '.join(map(quote, names))})"
        with connection.cursor() as cursor:
            if is_postgresql:
                with cursor.cursor.copy(f"COPY {target} FROM STDIN") as copy:
                    for values in adapted:
                        copy.write_row(values)
            else:
                places = ", ".join(["%s"] * len(names))
                insertion = f"INSERT INTO {target} VALUES ({places})"  # noqa: S608
                cursor.executemany(insertion, adapted)  # type: ignore[arg-type]  # an iterator


def encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
