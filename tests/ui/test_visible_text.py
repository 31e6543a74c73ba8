from __future__ import annotations

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.ui.visible_text import remove_invisible, validate_email_letters, validate_visible

DECEPTIVE = {
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "right-to-left override": "\u202e",
    "left-to-right isolate": "\u2066",
    "no-break space": "\u00a0",
    "ideographic space": "\u3000",
    "soft hyphen": "\u00ad",
    "zero width no-break space": "\ufeff",
    "hangul filler": "\u3164",
    "combining grapheme joiner": "\u034f",
    "variation selector-16": "\ufe0f",
    "variation selector-17": "\U000e0100",
    "tag latin small letter a": "\U000e0061",
    "line separator": "\u2028",
    "a control character": "\x1b",
}


@pytest.mark.parametrize(("name", "sign"), DECEPTIVE.items())
def test_the_first_invisible_character_is_named(name: str, sign: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_visible(f"ac{sign}me{sign}")
    [message] = refused.value.messages
    assert message == (
        f"Character 3 (U+{ord(sign):04X}, {name}) cannot be seen. Delete it, or type an ordinary "
        "space instead."
    )
    assert remove_invisible(f"ac{sign}me") == "acme"


@pytest.mark.parametrize(
    "name",
    ["Acme Robotics", "évaluation", "e\u0301valuation", "研究", "אבג",
     "\u0645\u06cc\u200c\u062e\u0648", "क्\u200dष", "👩\u200d💻 ML", "❤\ufe0f", "👩🏽\u200d🔬",
     "a/b & <c>"],
)  # fmt: skip
def test_every_script_can_be_written(name: str) -> None:
    validate_visible(name)


@pytest.mark.parametrize(
    "email",
    [*(f"an{sign}n@example.com" for sign in DECEPTIVE.values()),
     *(f"ann@exam{sign}ple.com" for sign in DECEPTIVE.values()),
     "\u212aate@example.com", "adm\u0131n@example.com", "\u0430nn@example.com",
     '"a\x01"@example.com'],
)  # fmt: skip
def test_emails_that_look_like_others_are_refused(email: str) -> None:
    with pytest.raises(ValidationError):
        validate_email_letters(email)


@pytest.mark.parametrize(
    "email", ["ann+ml@example.com", "o'hara@xn--e1afmkfd.example", "a@bücher.de"]
)
def test_ordinary_emails_are_accepted(email: str) -> None:
    validate_email_letters(email)


@given(st.text())
def test_what_is_left_can_be_seen(text: str) -> None:
    left = remove_invisible(text)
    validate_visible(left)
    categories = {unicodedata.category(sign) for sign in left if sign != " "}
    assert categories & {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"} == set()
