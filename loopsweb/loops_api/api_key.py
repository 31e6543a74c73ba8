"""An API key that is kept out of everything but the Authorization header."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from typing import NoReturn
from urllib.parse import quote

REDACTED = "[redacted]"
_MAX_MESSAGE_LENGTH = 500
_MAX_REDACTED_LENGTH = 2048  # more than is shown, and little enough for every pattern
_MIN_SECRET_LENGTH = 8

_ESCAPED = re.compile(rb"\\u00[2-7][0-9a-fA-F]")
_URL = re.compile(r"(https?://[^\s?\"'<>]*)(\?[^\s\"'<>]*)?", re.IGNORECASE)
_SIGNATURE = re.compile(
    r"\b((?:x-(?:amz|goog)-)?(?:signature|credential|security-token)|sig)=[^\s&\"'<>]+",
    re.IGNORECASE,
)


class ApiKey:
    """An API key that no repr, pickle or comparison reveals.

    digest: its SHA-256, as hex. Raises ValueError for text that cannot be a key.
    """

    __slots__ = ("_needles", "_secret", "digest")

    def __init__(self, secret: str) -> None:
        if not secret or not all("!" <= character <= "~" for character in secret):
            secret = ""  # so that no traceback with locals shows it
            raise ValueError(
                "An API key consists of ASCII letters, digits and symbols, without spaces."
            )
        self._secret = secret
        self._needles: tuple[bytes, ...] = ()
        self.digest = hashlib.sha256(secret.encode()).hexdigest()

    def __repr__(self) -> str:
        return "<Key>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An API key must not be pickled.")

    def authorization(self) -> str:
        """The value of the Authorization header."""
        return f"Api-Key {self._secret}"

    def redact(self, text: str) -> str:
        """`text` on one line, at most 500 characters, without this key, which may be in base64,
        and presigned queries."""
        spellings = self._spellings()
        for secret in [*spellings, *map(_encode, spellings)]:
            text = text.replace(secret, REDACTED)
        text = _URL.sub(_drop_query, text[:_MAX_REDACTED_LENGTH])
        text = _SIGNATURE.sub(rf"\1={REDACTED}", text)
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= _MAX_MESSAGE_LENGTH else text[: _MAX_MESSAGE_LENGTH - 1] + "…"

    def appears_in(self, body: bytes | bytearray) -> bool:
        """True if `body` contains this key: as it is, escaped for JSON or URLs, or in base64."""
        self._needles = self._needles or self._make_needles()
        unescaped = _unescape(body)
        return any(needle in unescaped for needle in self._needles)

    def _make_needles(self) -> tuple[bytes, ...]:
        spellings = [one for one in self._spellings() if len(one) >= _MIN_SECRET_LENGTH]
        spellings += [_encode(one) for one in spellings]
        in_json = {json.dumps(one)[1:-1] for one in spellings}
        needles = in_json | {one.replace("/", r"\/") for one in in_json} | set(spellings)
        return tuple(one.encode() for one in needles)

    def _spellings(self) -> list[str]:
        """The key and the secret part after its dot, each also percent-encoded, longest first."""
        _, _, tail = self._secret.partition(".")
        found = {self._secret, tail} if len(tail) >= _MIN_SECRET_LENGTH else {self._secret}
        return sorted(found | {quote(secret, safe="") for secret in found}, key=len, reverse=True)


def _encode(secret: str) -> str:
    """In base64, without its padding."""
    return b64encode(secret.encode()).decode().rstrip("=")


def _unescape(body: bytes | bytearray) -> bytes | bytearray:
    """`body` with its hexadecimal escapes of ASCII replaced, in as much memory again."""
    for escape in sorted({found[0] for found in _ESCAPED.finditer(body)}):
        body = body.replace(escape, bytes([int(escape[-2:], 16)]))
    return body


def _drop_query(url: re.Match[str]) -> str:
    return f"{url[1]}?{REDACTED}" if url[2] else url[1]
