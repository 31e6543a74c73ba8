"""Streams a list as CSV, with spreadsheet formulas neutralised."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse

from loopsweb.ui.timestamps import format_utc

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Echo:
    """A file-like object whose write() returns the line."""

    def write(self, line: str) -> str:
        return line


def format_cell(value: Any) -> str:
    """Format one cell: times in ISO 8601 UTC, None empty, formulas behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    first = next((sign for sign in text if sign.isprintable() and not sign.isspace()), "")
    return f"'{text}" if text.startswith(FORMULA_STARTS) or first in FORMULA_STARTS else text


def stream_lines(columns: Mapping[str, str], rows: Iterable[Any]) -> Iterator[str]:
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([format_cell(getattr(row, name)) for name in columns.values()])


def csv_response(
    columns: Mapping[str, str], rows: Iterable[Any], *, name: str, as_of: datetime | None
) -> StreamingHttpResponse:
    """columns: {heading: attribute of a row}. The file name ends with `as_of`."""
    age = f"as-of-{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}" if as_of else "not-read-yet"
    return StreamingHttpResponse(
        stream_lines(columns, rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{age}.csv"',
            "Cache-Control": "private, no-store",
        },
    )
