"""Rows of a list answer: the envelope checked at once, the rows parsed when somebody looks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

from loopsweb.loops_api.decoding import array_in, decoded
from loopsweb.loops_api.errors import MalformedAnswer

T = TypeVar("T")

_rows = msgspec.json.Decoder(list[msgspec.Raw])


class Listing(Generic[T]):
    """The rows of a list answer, parsed on the first `len()` or iteration.

    digest: of the body, as hex. Two answers with the same digest hold the same rows, so whoever
        remembers the last one need not look at this one.
    skipped: how many rows were no object, had no usable id or were nested too deep. They are
        counted, never raised.

    Building one raises MalformedAnswer unless the body is complete JSON with an array under `key`.
    `keep` picks rows where the server could not be asked to.
    """

    def __init__(
        self,
        body: bytes,
        key: str,
        parse: Callable[[Any], T | None],
        keep: Callable[[T], bool] = lambda _: True,
    ) -> None:
        self.digest = hashlib.sha256(body).hexdigest()
        self._array: msgspec.Raw | None = array_in(body, key)
        self._parse = parse
        self._keep = keep
        self._parsed: tuple[T, ...] = ()
        self._skipped = 0

    def __iter__(self) -> Iterator[T]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look())

    def __repr__(self) -> str:
        return f"<Listing {self.digest[:12]}>"

    @property
    def skipped(self) -> int:
        self._look()
        return self._skipped

    def _look(self) -> tuple[T, ...]:
        if self._array is not None:
            try:
                raws = _rows.decode(self._array)
            except RecursionError:
                raise MalformedAnswer("The answer is nested too deep.") from None
            rows = [self._row(raw) for raw in raws]
            understood = [row for row in rows if row is not None]
            self._skipped = len(rows) - len(understood)
            self._parsed = tuple(row for row in understood if self._keep(row))
            self._array = None
        return self._parsed

    def _row(self, raw: msgspec.Raw) -> T | None:
        try:
            value = decoded(bytes(raw))
        except (ValueError, RecursionError):  # bad UTF-8, a number beyond bounds, too deep
            return None
        return self._parse(value)
