"""The body of an answer, decompressed no further than what may be held of it."""

from __future__ import annotations

import zlib

import httpx

from loopsweb.loops_api.deadline import Deadline
from loopsweb.loops_api.decoding import Body

_FORMATS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def read(response: httpx.Response, deadline: Deadline, largest: int) -> Body | None:
    """The decompressed body; None when it is larger than `largest` bytes.

    Raises httpx.DecodingError for a body packed twice, in an unknown way, or damaged.
    """
    wbits = _format(response.headers)
    unpacker = zlib.decompressobj(wbits) if wbits else None
    body = bytearray()
    for chunk in response.iter_raw():
        room = largest + 1 - len(body)
        try:
            body += unpacker.decompress(chunk, room) if unpacker else chunk[:room]
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None
        if len(body) > largest:
            return None
        if unpacker and unpacker.unused_data:
            raise httpx.DecodingError("something follows the end of the packed body")
        if deadline.left() <= 0:
            raise httpx.ReadTimeout("the time for the whole call is over")
    return Body(body)


def _format(headers: httpx.Headers) -> int | None:
    """zlib's number for the one coding of a body; None when it is not packed."""
    named = headers.get_list("content-encoding", split_commas=True)
    codings = [coding for one in named if (coding := one.strip().lower()) not in {"", "identity"}]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _FORMATS:
        raise httpx.DecodingError(f"the body is packed as {', '.join(codings)}")
    return _FORMATS[codings[0]]
