"""The rows of a list response, parsed when they are used: those of a long one anew each time, so
that they are never all in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

from loopsweb.loops_api.checked_bodies import WORTHWHILE_BYTES, CheckedBodies
from loopsweb.loops_api.decoding import compute_digest, decode_json, find_array
from loopsweb.loops_api.errors import MalformedResponse

T = TypeVar("T")

_complete = CheckedBodies()  # JSON with an array under a key
_rows = msgspec.json.Decoder(list[msgspec.Raw])
KEPT_ROWS = 500  # of a list with more, no parsed row is kept


class LazyList(Generic[T]):
    """The rows of a list response, parsed on `len()` or iteration.

    digest: of the body, as hex. Responses with the same digest have the same rows.
    size: of the body, in bytes.
    skipped: how many rows are not objects, have no usable ID or are nested too deep.

    The constructor raises MalformedResponse unless the body is complete JSON with an array under
    `key`, and ResponseTooLarge if it would take too much memory. `keep` filters rows that the
    server cannot filter.
    """

    def __init__(
        self,
        body: bytes | bytearray,
        key: str,
        parse: Callable[[Any], T | None],
        keep: Callable[[T], bool] = lambda _: True,
    ) -> None:
        self._body = body
        self.digest, self.size, self._key = compute_digest(body), len(body), key
        self._array: msgspec.Raw | None = None
        if not _complete.contains(self.digest, key):
            self._array = find_array(body, key)
            if len(body) > WORTHWHILE_BYTES:
                _complete.add(self.digest, key)
        self._parse = parse
        self._keep = keep
        self._raws: list[msgspec.Raw] | None = None  # parts of the body, not copies
        self._parsed: tuple[T, ...] | None = None
        self._skipped: int | None = None

    def __iter__(self) -> Iterator[T]:
        raws = self._split_rows()
        if self._parsed is None and len(raws) <= KEPT_ROWS:
            self._parsed = tuple(self._parse_rows(raws))
        return self._parse_rows(raws) if self._parsed is None else iter(self._parsed)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<LazyList {self.digest[:12]}>"

    @property
    def skipped(self) -> int:
        if self._skipped is None:
            self._skipped = sum(self._parse_row(raw) is None for raw in self._split_rows())
        return self._skipped

    def _split_rows(self) -> list[msgspec.Raw]:
        if self._raws is None:
            try:
                self._raws = _rows.decode(self._array or find_array(self._body, self._key))
            except RecursionError:
                raise MalformedResponse("The response is nested too deep.") from None
        return self._raws

    def _parse_rows(self, raws: list[msgspec.Raw]) -> Iterator[T]:
        skipped = 0
        for row in map(self._parse_row, raws):
            if row is None:
                skipped += 1
            elif self._keep(row):
                yield row
        self._skipped = skipped

    def _parse_row(self, raw: msgspec.Raw) -> T | None:
        try:
            value = decode_json(bytes(raw))
        except (ValueError, RecursionError):  # bad UTF-8, a number out of range, too deep
            return None
        return self._parse(value)
