"""Values of filters as they stand in URLs and form fields.

Most stand as they are. `-` is a value that the API did not send. In double quotes, as JSON, stand
`-` itself and what a field would alter or hide: white space around it, line breaks, control
characters. Every text is the form of exactly one value.
"""

from __future__ import annotations

import json

from loopsweb.ui.url_text import remove_nul

UNKNOWN = "-"
QUOTE = '"'
MAX_LENGTH = 3100  # of the form; no column that is filtered by holds more than 255 characters


def encode_value(value: str) -> str:
    if not value:
        return UNKNOWN
    is_plain = value == value.strip() and value.isprintable() and not value.startswith(QUOTE)
    if is_plain and value != UNKNOWN:
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())


def decode_value(text: str) -> str:
    """Whatever is no quoted value stands for itself, surrounding white space included."""
    text = remove_nul(text)[:MAX_LENGTH]
    if text == UNKNOWN:
        return ""
    if text.startswith(QUOTE):
        try:
            decoded = json.loads(text)
        except ValueError:
            return text
        return remove_nul(decoded).encode("utf-8", "replace").decode()
    return text
