"""Sanitizes query parameters before they reach the database."""

from __future__ import annotations

MAX_LENGTH = 300
MAX_PAGE = 10**9


def remove_nul(text: str | None) -> str:
    return (text or "").replace("\x00", "")


def clean_text(text: str | None) -> str:
    """Remove NUL and surrounding white space, and cut to MAX_LENGTH."""
    return remove_nul(text).strip()[:MAX_LENGTH].rstrip()


def parse_page_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 1
    return max(1, min(number, MAX_PAGE))
