"""What the chain binds for good names no person: emails in it are blanked before it is written.

Who did what to whose is in the fields that can be erased. The rest is what an API, or another part
of loopsweb, put into words, and may hold an email all the same.
"""

from __future__ import annotations

import re
from typing import Any

BLANK = "[email]"
EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?:@|\uff20|%40)(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|localhost\b)"
)


def nameless(value: Any) -> Any:
    """The same JSON, or text, with BLANK in the place of every email."""
    if isinstance(value, str):
        return EMAIL.sub(BLANK, value)
    if isinstance(value, list):
        return [nameless(item) for item in value]
    if isinstance(value, dict):
        return {nameless(key): nameless(item) for key, item in value.items()}
    return value
