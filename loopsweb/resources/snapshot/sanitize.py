"""Make values from the API fit the database: no NUL, no overlong text, no overlarge number, and no
presigned link, wherever the API puts one."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Any

import msgspec
from django.db.models import BigIntegerField, CharField, IntegerField, Model, TextField

from loopsweb.ui.redaction import REDACTED

BYTES = 3
ID_LENGTH = 255  # objects with a longer id are left out
MAX_INTEGER = 2**31 - 1
MAX_BIGINT = 2**63 - 1
PLAIN = re.compile(r"[ ->@-~]*")  # most text: nothing in it has to be fitted
NUL, NUL_IN_JSON = "\x00", rb"\u0000"
SIGNED = re.compile(r"(?i)[?&](?:x-(?:amz|goog)-signature|signature|sig)=")
SIGNED_IN_JSON = re.compile(SIGNED.pattern.encode())


def fit_columns(row: Model) -> None:
    for name, max_length, largest in list_fitted(type(row)):
        value = getattr(row, name)
        is_plain = isinstance(value, str) and len(value) <= max_length and PLAIN.fullmatch(value)
        if value and not is_plain:
            fitting = fit_value(value, max_length=max_length, largest=largest)
            if fitting is not value:
                setattr(row, name, fitting)


@cache
def list_fitted(model: type[Model]) -> list[tuple[str, int, int]]:
    """Of each column that may have to be fitted, the name, the longest text, the largest number."""
    return [
        (
            field.attname,
            field.max_length or sys.maxsize,
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
    if NUL in value or "?" in value:
        value = fit_text(value)
    if max_length and (len(value) > max_length or count_bytes(value) > BYTES * max_length):
        encoded = value[: max_length - 1].encode("utf-8", "replace")
        return encoded[: BYTES * (max_length - 1)].decode("utf-8", "ignore") + "…"
    return value


def count_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def fit_json(value: Any) -> Any:
    encoded = msgspec.json.encode(value)
    fits = NUL_IN_JSON not in encoded and not SIGNED_IN_JSON.search(encoded)
    return value if fits else fit_texts(value)


def fit_texts(value: Any) -> Any:
    """The same JSON with each of its texts as `fit_text` makes it."""
    if isinstance(value, str):
        return fit_text(value)
    if isinstance(value, list):
        return [fit_texts(item) for item in value]
    if isinstance(value, dict):
        return {fit_texts(key): fit_texts(item) for key, item in value.items()}
    return value


def fit_text(text: str) -> str:
    """The replacement character for NUL, which PostgreSQL refuses, and a link without the query
    that signs it."""
    text = text.replace(NUL, "\ufffd")
    return f"{text.partition('?')[0]}?{REDACTED}" if SIGNED.search(text) else text
