"""Replaces emails in the part of an event that can never be erased.

People are named in fields that can be erased. The others contain reports of the API or of another
part of loopsweb, which may include an email.
"""

from __future__ import annotations

import re
from typing import Any

REPLACEMENT = "[email]"
AT_SIGNS = ("@", "\uff20", "%40")
EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}"
    rf"(?:{'|'.join(AT_SIGNS)})"
    r"(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|localhost\b)"
)


def anonymize(value: Any) -> Any:
    """The same JSON, or text, with every email replaced."""
    if isinstance(value, str):
        return EMAIL.sub(REPLACEMENT, value) if any(at in value for at in AT_SIGNS) else value
    if isinstance(value, list):
        return [anonymize(item) for item in value]
    if isinstance(value, dict):
        return {anonymize(key): anonymize(item) for key, item in value.items()}
    return value
