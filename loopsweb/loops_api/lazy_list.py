"""The rows of a list response, parsed when they are first used."""

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


class LazyList(Generic[T]):
    """The rows of a list response, parsed on the first `len()` or iteration.

    digest: of the body, as hex. Responses with the same digest have the same rows.
    skipped: how many rows are not objects, have no usable ID or are nested too deep.

    The constructor raises MalformedResponse unless the body is complete JSON with an array under
    `key`, and ResponseTooLarge if it would take too much memory. `keep` filters rows that the
    server cannot filter.
    """

    def __init__(
        self,
        body: bytes,
        key: str,
        parse: Callable[[Any], T | None],
        keep: Callable[[T], bool] = lambda _: True,
    ) -> None:
        self._body: bytes | None = body
        self.digest, self._key = compute_digest(body), key
        self._array: msgspec.Raw | None = None
        if not _complete.contains(self.digest, key):
            self._array = find_array(body, key)
            if len(body) > WORTHWHILE_BYTES:
                _complete.add(self.digest, key)
        self._parse = parse
        self._keep = keep
        self._parsed: tuple[T, ...] = ()
        self._skipped = 0

    def __iter__(self) -> Iterator[T]:
        return iter(self._parse_rows())

    def __len__(self) -> int:
        return len(self._parse_rows())

    def __repr__(self) -> str:
        return f"<LazyList {self.digest[:12]}>"

    @property
    def skipped(self) -> int:
        self._parse_rows()
        return self._skipped

    def _parse_rows(self) -> tuple[T, ...]:
        if self._body is not None:
            try:
                raws = _rows.decode(self._array or find_array(self._body, self._key))
            except RecursionError:
                raise MalformedResponse("The response is nested too deep.") from None
            rows = [self._parse_row(raw) for raw in raws]
            parsed_rows = [row for row in rows if row is not None]
            self._skipped = len(rows) - len(parsed_rows)
            self._parsed = tuple(row for row in parsed_rows if self._keep(row))
            self._body = self._array = None
        return self._parsed

    def _parse_row(self, raw: msgspec.Raw) -> T | None:
        try:
            value = decode_json(bytes(raw))
        except (ValueError, RecursionError):  # bad UTF-8, a number out of range, too deep
            return None
        return self._parse(value)
