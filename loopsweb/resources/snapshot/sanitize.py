"""Make values from the API fit the database: no NUL, no overlong text, no overlarge number."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from django.db.models import BigIntegerField, CharField, IntegerField, Model, TextField

BYTES = 3
ID_LENGTH = 255  # objects with a longer id are left out
MAX_INTEGER = 2**31 - 1
MAX_BIGINT = 2**63 - 1
NUL, NUL_IN_JSON = "\x00", rb"\u0000"


def fit_columns(row: Model) -> None:
    for name, max_length, largest in list_fitted(type(row)):
        if value := getattr(row, name):
            fitting = fit_value(value, max_length=max_length, largest=largest)
            if fitting is not value:
                setattr(row, name, fitting)


@cache
def list_fitted(model: type[Model]) -> list[tuple[str, int | None, int]]:
    """Of each column that may have to be fitted, the name, the longest text, the largest number."""
    return [
        (
            field.attname,
            field.max_length,
            MAX_BIGINT if isinstance(field, BigIntegerField) else MAX_INTEGER,
        )
        for field in model._meta.concrete_fields
        if isinstance(field, CharField | TextField | IntegerField)
    ]


def fit_value(value: Any, *, max_length: int | None, largest: int = MAX_INTEGER) -> Any:
    """Text without NUL and cut to `max_length` characters, of at most BYTES bytes each on average,
    so that an index may hold three of them; a number beyond `largest` becomes None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= largest else None
    if not isinstance(value, str):
        return value
    if NUL in value:
        value = value.replace(NUL, "\ufffd")
    if max_length and (len(value) > max_length or count_bytes(value) > BYTES * max_length):
        encoded = value[: max_length - 1].encode("utf-8", "replace")
        return encoded[: BYTES * (max_length - 1)].decode("utf-8", "ignore") + "…"
    return value


def count_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def fit_json(value: Any) -> Any:
    return replace_nul(value) if NUL_IN_JSON in msgspec.json.encode(value) else value


def replace_nul(value: Any) -> Any:
    """The same JSON with the replacement character for NUL, which PostgreSQL refuses in text."""
    if isinstance(value, str):
        return value.replace(NUL, "\ufffd")
    if isinstance(value, list):
        return [replace_nul(item) for item in value]
    if isinstance(value, dict):
        return {replace_nul(key): replace_nul(item) for key, item in value.items()}
    return value
