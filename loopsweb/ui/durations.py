"""Durations as people type them: 90m, 2h, 1d, 1d12h, PT2H."""

from __future__ import annotations

import re
from datetime import timedelta

PATTERN = r"(?i:(?:P?([0-9]{1,4})d)?(?:P?T?([0-9]{1,5})h)?(?:P?T?([0-9]{1,6})m(?:in)?)?)"
MALFORMED = "Write a duration such as 90m, 2h or 1d."


def parse_duration(text: str) -> timedelta | None:
    """None for anything else."""
    found = re.fullmatch(PATTERN, "".join(text.split()))
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(number or 0) for number in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def explain_duration(text: str) -> str:
    """Why it is refused, or ""."""
    return MALFORMED if text and parse_duration(text) is None else ""
