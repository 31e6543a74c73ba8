"""A list as CSV, streamed row by row, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Echo:
    """A file that hands each line back to its writer."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """Text for one cell: times in ISO 8601 UTC, unknown empty, formulas defused."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    seen = next((sign for sign in text if sign.isprintable() and not sign.isspace()), "")
    return f"'{text}" if text.startswith(FORMULA) or seen in FORMULA else text


def lines(columns: Mapping[str, str], rows: Iterable[Any]) -> Iterator[str]:
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([cell(getattr(row, name)) for name in columns.values()])


def csv_answer(
    columns: Mapping[str, str], rows: Iterable[Any], *, name: str, as_of: datetime | None
) -> StreamingHttpResponse:
    """columns: {heading: attribute of a row}. The file's name says how old it is."""
    age = f"as-of-{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}" if as_of else "not-read-yet"
    return StreamingHttpResponse(
        lines(columns, rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{age}.csv"',
            "Cache-Control": "private, no-store",
        },
    )
