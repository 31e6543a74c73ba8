"""A URL converter for ids of the Loops API, which may contain any character."""

from __future__ import annotations

from urllib.parse import quote, unquote

RESERVED = frozenset({".", "..", "new", "enter", "find"})


class RemoteIdConverter:
    """Slashes are escaped twice, so that no proxy treats them as separators.

    Ids that equal another page's path, and dots that a browser would resolve, have their first
    letter escaped.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return unquote(value)

    def to_url(self, value: str) -> str:
        escaped = value.replace("%", "%25").replace("/", "%2F")
        return f"%{ord(value[0]):02X}{quote(value[1:])}" if value in RESERVED else escaped
