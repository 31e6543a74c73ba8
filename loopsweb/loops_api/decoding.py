"""From the bytes of a successful answer to what the route promises, or MalformedAnswer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

from loopsweb.loops_api.errors import MalformedAnswer


class Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
N = TypeVar("N", bound=Named)

DEEPEST = 64
_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Body(bytes):
    """An answer's bytes, which no traceback that shows locals spells out."""

    def __repr__(self) -> str:
        return f"<Body of {len(self)} bytes>"


def document(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is."""
    if (value := _decoded(body)) is None:
        raise MalformedAnswer("The answer is not a complete JSON object.")
    return value


def only(body: bytes, key: str | None, parse: Callable[[Any], T | None]) -> T:
    """The one object of an answer, under `key` or, without a key, the answer itself."""
    found = parse(document(body) if key is None else document(body).get(key))
    if found is None:
        raise MalformedAnswer(f"The answer has no {key or 'content'} that can be read.")
    return found


def about(asked: str, found: N) -> N:
    """`found`, which answers a question about the thing with the ID `asked` and no other."""
    if found.id != asked:
        raise MalformedAnswer("The answer is about another ID than the one asked about.")
    return found


def rows(body: bytes, key: str, parse: Callable[[Any], T | None]) -> tuple[T, ...]:
    """The rows under `key`, without those that cannot be understood."""
    items = document(body).get(key)
    if not isinstance(items, list):
        raise MalformedAnswer(f"The answer has no list under {key!r}.")
    return tuple(row for item in items if (row := parse(item)) is not None)


def array_in(body: bytes, key: str) -> msgspec.Raw:
    """The still undecoded array under `key`; the whole body has been seen to be complete JSON."""
    try:
        array = _envelope.decode(body).get(key)
    except (ValueError, RecursionError):
        array = None
    if array is None or bytes(memoryview(array)[:1]) != b"[":
        raise MalformedAnswer(f"The answer is not complete JSON with a list under {key!r}.")
    return array


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        value = decoded(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def decoded(body: bytes) -> Any:
    """Any JSON that nothing here fails on. ValueError when it is nested deeper than DEEPEST."""
    value = msgspec.json.decode(body)
    if body.count(b"[") + body.count(b"{") > DEEPEST and _is_too_deep(value):
        raise ValueError(f"nested deeper than {DEEPEST}")
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
