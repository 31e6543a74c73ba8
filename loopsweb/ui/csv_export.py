"""Streams a list as CSV that spreadsheets open as UTF-8, with formulas neutralised."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse

from loopsweb.ui.timestamps import format_utc

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads UTF-8 as another encoding
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Echo:
    """A file-like object whose write() returns the line."""

    def write(self, line: str) -> str:
        return line


def format_cell(value: Any) -> str:
    """Format one cell: times in ISO 8601 UTC, None empty, objects as JSON, formulas behind an
    apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, int | float):
        return str(value)
    is_object = isinstance(value, dict | list)
    text = json.dumps(value, ensure_ascii=False) if is_object else str(value)
    first = next((sign for sign in text if sign.isprintable() and not sign.isspace()), "")
    first = unicodedata.normalize("NFKC", first)  # of full width and small forms
    return f"'{text}" if text.startswith(FORMULA_STARTS) or first in FORMULA_STARTS else text


def read_path(row: Any, path: str) -> Any:
    """Follow attributes joined by dots. None when one of them is None."""
    for name in path.split("."):
        if row is None:
            return None
        row = getattr(row, name)
    return row


def stream_lines(columns: Mapping[str, str], rows: Iterable[Any]) -> Iterator[str]:
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield BYTE_ORDER_MARK + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([format_cell(read_path(row, path)) for path in columns.values()])


def csv_response(
    columns: Mapping[str, str], rows: Iterable[Any], *, name: str, as_of: datetime | None
) -> StreamingHttpResponse:
    """columns: {heading: path to an attribute of a row}. The file name ends with `as_of`."""
    age = f"as-of-{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}" if as_of else "not-read-yet"
    return StreamingHttpResponse(
        stream_lines(columns, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{age}.csv"'},
    )
