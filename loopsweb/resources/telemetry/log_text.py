"""Makes the text of a log line safe to show: secrets are removed, and what cannot be seen can."""

from __future__ import annotations

import re
import unicodedata

from loopsweb.ui.redaction import redact
from loopsweb.ui.visible_text import BLANKS, is_needed

MAX_SHOWN = 4_000
ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"
)
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
PICTURES = 0x2400  # the picture of a control character is so much higher
LAST_CONTROL, DELETE = 0x1F, 0x7F


def clean_message(message: str) -> str:
    """Without secrets, also such as colours or unseen characters interrupt, and with a visible
    sign for each character that cannot be seen or turns the direction of the text."""
    plain = remove_hidden(ESCAPE_SEQUENCE.sub("", message))
    redacted = redact(plain)
    return show_hidden(redact(message) if redacted == plain else redacted)


def is_hidden(sign: str) -> bool:
    if sign.isascii():
        return not sign.isprintable() and sign not in "\n\t"
    return unicodedata.category(sign) in HIDDEN_CATEGORIES or sign in BLANKS


def remove_hidden(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(sign for sign in text if not is_hidden(sign))


def show_hidden(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        picture(sign) if is_hidden(sign) and not is_needed(sign, after=text[i - 1 : i]) else sign
        for i, sign in enumerate(text)
    )


def picture(sign: str) -> str:
    """␛ for an escape, ⟨U+202E⟩ for a character without a picture."""
    code = ord(sign)
    if code <= LAST_CONTROL:
        return chr(PICTURES + code)
    return "\u2421" if code == DELETE else f"\u27e8U+{code:04X}\u27e9"


def compile_search(words: str) -> re.Pattern[str]:
    """Finds exactly these words, in upper or lower case."""
    return re.compile(re.escape(words), re.IGNORECASE)


def split_at_hits(text: str, search: re.Pattern[str] | None) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is a hit. Hits are at even distances."""
    if search is None:
        return [(text, False)]
    pieces, end = [], 0
    for found in search.finditer(text):
        pieces += [(text[end : found.start()], False), (found[0], True)]
        end = found.end()
    return [*pieces, (text[end:], False)]
