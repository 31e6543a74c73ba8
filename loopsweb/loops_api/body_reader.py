"""Reads response bodies and decompresses them up to a limit."""

from __future__ import annotations

import zlib

import httpx

from loopsweb.loops_api.deadline import Deadline
from loopsweb.loops_api.decoding import Body

_WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def read_body(response: httpx.Response, deadline: Deadline, max_bytes: int) -> Body | None:
    """The decompressed body, or None when it is larger than `max_bytes`.

    Raises httpx.DecodingError for a damaged body or an unsupported encoding, httpx.ReadTimeout
    after the deadline.
    """
    wbits = _get_window_bits(response.headers)
    decompressor = zlib.decompressobj(wbits) if wbits else None
    body = Body()
    for chunk in response.iter_raw():
        room = max_bytes + 1 - len(body)
        try:
            body += decompressor.decompress(chunk, room) if decompressor else chunk[:room]
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None
        if len(body) > max_bytes:
            return None
        if decompressor and decompressor.unused_data:
            raise httpx.DecodingError("there is data after the end of the compressed body")
        if deadline.left() <= 0:
            raise httpx.ReadTimeout("the deadline of the call has passed")
    return body


def _get_window_bits(headers: httpx.Headers) -> int | None:
    """The `wbits` for zlib; None when the body is not compressed."""
    names = headers.get("content-encoding", "").lower().split(",")
    codings = [name.strip() for name in names if name.strip() not in {"", "identity"}]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _WINDOW_BITS:
        raise httpx.DecodingError(f"unsupported encoding: {', '.join(codings)}")
    return _WINDOW_BITS[codings[0]]
