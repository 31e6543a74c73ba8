"""Decodes successful responses.

Raises MalformedResponse if one is not what the route promises, ResponseTooLarge if it would take
too much memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol, TypeVar

import msgspec

from loopsweb.loops_api.errors import MalformedResponse, ResponseTooLarge


class Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
N = TypeVar("N", bound=Identified)

MAX_DEPTH = 64
MAX_MEMORY = 704 * 1024 * 1024
MOST_PER_BYTE = 140  # of memory that any JSON is estimated to take
_COSTS = {b"{": 320, b"[": 96, b",": 72, b":": 80}
_NOT_COUNTED = bytes(set(range(256)) - set(b"".join(_COSTS)))
_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Body(bytearray):
    """A response body that no traceback with locals shows; nobody changes it once it is read.
    digest: its SHA-256, as hex."""

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self).hexdigest()

    def __repr__(self) -> str:
        return f"<Body of {len(self)} bytes>"


def compute_digest(body: bytes | bytearray) -> str:
    """Its SHA-256, as hex; of a Body once."""
    return body.digest if isinstance(body, Body) else hashlib.sha256(body).hexdigest()


def decode_envelope(body: bytes | bytearray) -> dict[str, Any]:
    """The whole body as a JSON object."""
    check_memory(body)
    try:
        value = decode_json(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise MalformedResponse("The response is not a complete JSON object.")
    return value


def decode_object(body: bytes | bytearray, key: str | None, parse: Callable[[Any], T | None]) -> T:
    """The parsed object under `key`, or without a key the whole body, parsed."""
    found = parse(decode_envelope(body) if key is None else decode_envelope(body).get(key))
    if found is None:
        raise MalformedResponse(f"The response has no readable {key or 'content'}.")
    return found


def check_id(expected_id: str, found: N) -> N:
    """Return `found` if it has the expected ID."""
    if found.id != expected_id:
        raise MalformedResponse("The response is about another ID than the requested one.")
    return found


def decode_rows(
    body: bytes | bytearray, key: str, parse: Callable[[Any], T | None]
) -> tuple[T, ...]:
    """The parsed rows under `key`, without those that cannot be parsed."""
    items = decode_envelope(body).get(key)
    if not isinstance(items, list):
        raise MalformedResponse(f"The response has no list under {key!r}.")
    return tuple(row for item in items if (row := parse(item)) is not None)


def find_array(body: bytes | bytearray, key: str) -> msgspec.Raw:
    """The undecoded array under `key`. The whole body is checked to be complete JSON."""
    check_memory(body)
    try:
        array = _envelope.decode(body).get(key)
    except (ValueError, RecursionError):
        array = None
    if array is None or bytes(memoryview(array)[:1]) != b"[":
        raise MalformedResponse(f"The response is not complete JSON with a list under {key!r}.")
    return array


def check_memory(body: bytes | bytearray) -> None:
    """Raise ResponseTooLarge if the decoded and parsed body might take more than MAX_MEMORY."""
    if len(body) * MOST_PER_BYTE > MAX_MEMORY and estimate_memory(body) > MAX_MEMORY:
        raise ResponseTooLarge(f"{len(body)} bytes of too many small values")


def estimate_memory(body: bytes | bytearray) -> int:
    """The most bytes that the decoded and parsed body takes, from the JSON's punctuation.

    A real list takes half of it. Text beyond ASCII has up to four bytes per character.
    """
    is_narrow = body.isascii() and (b"\\" not in body or b"\\u" not in body)
    marks = body.translate(None, _NOT_COUNTED)
    counted = sum(cost * marks.count(mark) for mark, cost in _COSTS.items())
    return counted + len(body) * (1 if is_narrow else 4)


def decode_json(body: bytes | bytearray) -> Any:
    """Any JSON value. Raises ValueError if it is invalid or nested deeper than MAX_DEPTH."""
    value = msgspec.json.decode(body)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
