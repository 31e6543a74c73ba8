"""What a URL says, made fit to ask a database with."""

from __future__ import annotations

LONGEST = 300
LAST_PAGE = 10**9


def clean(text: str | None) -> str:
    """Without NUL, outer white space or endless length."""
    return (text or "").replace("\x00", "").strip()[:LONGEST].rstrip()


def page_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 1
    return max(1, min(number, LAST_PAGE))
