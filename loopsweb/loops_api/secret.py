"""The API key, and keeping it out of everything but one header."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from typing import NoReturn
from urllib.parse import quote

REDACTED = "[redacted]"
_LONGEST_MESSAGE = 500
_LOOKED_AT = 2048  # of a message several times longer than is shown, so that no pattern takes long
_SHORTEST_SECRET = 8

_ESCAPED = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
_URL = re.compile(r"(https?://[^\s?\"'<>]*)(\?[^\s\"'<>]*)?", re.IGNORECASE)
_SIGNATURE = re.compile(
    r"\b((?:x-(?:amz|goog)-)?(?:signature|credential|security-token)|sig)=[^\s&\"'<>]+",
    re.IGNORECASE,
)


class Key:
    """An API key that shows itself to nobody: not in a repr, a pickle or a comparison."""

    __slots__ = ("_secret", "digest")

    def __init__(self, secret: str) -> None:
        if not secret or not all("!" <= character <= "~" for character in secret):
            secret = ""  # no traceback that shows locals shall show it
            raise ValueError("An API key is plain letters, digits and signs without spaces.")
        self._secret = secret
        self.digest = hashlib.sha256(secret.encode()).hexdigest()

    def __repr__(self) -> str:
        return "<Key>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An API key is not pickled.")

    def authorization(self) -> str:
        """The value of the Authorization header."""
        return f"Api-Key {self._secret}"

    def redact(self, text: str) -> str:
        """`text` on one line, shortened, without this key and without presigned queries."""
        for secret in self._spellings():
            text = text.replace(secret, REDACTED)
        text = _URL.sub(_without_query, text[:_LOOKED_AT])
        text = _SIGNATURE.sub(rf"\1={REDACTED}", text)
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"

    def is_in(self, body: bytes) -> bool:
        """Whether an answer gives this key away, as it is, escaped for JSON or URLs, or base64."""
        if b"\\u00" in body:
            body = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), body)
        spellings = [one for one in self._spellings() if len(one) >= _SHORTEST_SECRET]
        spellings += [b64encode(one.encode()).decode().rstrip("=") for one in spellings]
        in_json = {json.dumps(one)[1:-1] for one in spellings}
        told = in_json | {one.replace("/", r"\/") for one in in_json} | set(spellings)
        return any(one.encode() in body for one in told)

    def _spellings(self) -> list[str]:
        """The key, percent-encoded too, and the part after its dot, which alone is the secret."""
        _, _, tail = self._secret.partition(".")
        found = {self._secret, tail} if len(tail) >= _SHORTEST_SECRET else {self._secret}
        return sorted(found | {quote(secret, safe="") for secret in found}, key=len, reverse=True)


def _without_query(url: re.Match[str]) -> str:
    return f"{url[1]}?{REDACTED}" if url[2] else url[1]
