"""Refuses characters that cannot be seen, by which a name or an email passes for another."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError

# Control, format and surrogate characters, line and paragraph separators, unusual spaces.
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
# Letters, marks and symbols without a shape.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
NON_JOINER, JOINER = "\u200c", "\u200d"
VIRAMA = 9  # the combining class of signs after which Indic scripts join or do not


def validate_visible(text: str) -> None:
    """Raises ValidationError, which names the first character that cannot be seen."""
    for index, sign in enumerate(text):
        if is_invisible(sign) and not is_needed(sign, after=text[index - 1] if index else ""):
            name = unicodedata.name(sign, "a control character").lower()
            raise ValidationError(
                f"Character {index + 1} (U+{ord(sign):04X}, {name}) cannot be seen. Delete it, or "
                "type an ordinary space instead.",
                code="invisible",
            )


def validate_email_letters(email: str) -> None:
    """Raises ValidationError for what looks like another email."""
    validate_visible(email)
    if not email.rpartition("@")[0].isascii():
        raise ValidationError(
            "Before the @, only letters from a to z, digits and punctuation are possible.",
            code="invisible",
        )


def remove_invisible(text: str) -> str:
    return "".join(sign for sign in text if not is_invisible(sign))


def is_invisible(sign: str) -> bool:
    if sign == " ":
        return False
    return (
        unicodedata.category(sign) in INVISIBLE_CATEGORIES
        or sign in BLANKS
        or "VARIATION SELECTOR" in unicodedata.name(sign, "")
    )


def is_needed(sign: str, *, after: str) -> bool:
    """True where emoji, Arabic or Indic scripts cannot be written without `sign`."""
    if not after:
        return False
    is_after_emoji = unicodedata.category(after) in {"So", "Sk"} or after == "\ufe0f"
    if sign in {JOINER, "\ufe0f"} and is_after_emoji:
        return True
    needs_joiner = (
        unicodedata.bidirectional(after) == "AL" or unicodedata.combining(after) == VIRAMA
    )
    return sign in {JOINER, NON_JOINER} and needs_joiner
