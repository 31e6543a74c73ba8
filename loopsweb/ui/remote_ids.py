"""Ids from elsewhere as one segment of a URL, whatever they hold."""

from __future__ import annotations

from urllib.parse import quote, unquote

TAKEN = frozenset({".", "..", "new", "enter"})


class RemoteIdConverter:
    """A slash is escaped twice, so that no server or proxy on the way takes it for a separator.

    Words that are pages of their own beside the details, and dots that a browser would resolve,
    have their first letter escaped.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return unquote(value)

    def to_url(self, value: str) -> str:
        escaped = value.replace("%", "%25").replace("/", "%2F")
        return f"%{ord(value[0]):02X}{quote(value[1:])}" if value in TAKEN else escaped
