"""Search text is the same whatever the case and Unicode form of what was typed or stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.ui.search import MAX_LENGTH, MAX_WORDS, explain_refusal, normalize_text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ÉVALUATION", "e\u0301valuation"),
        ("\u0442\u0435\u0441\u0442", "\u0422\u0415\u0421\u0422"),
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("\uff51\uff57\uff45\uff4e", "Qwen"),
        ("ﬁne", "FINE"),
        ("i\u0307", "İ"),
        ("istanbul", "İSTANBUL"),
        ("diyarbak\u0131r", "DİYARBAKIR"),
        ("ab", "a\u200bb\u00ad\ufe0f"),
    ],
)
def test_case_and_unicode_form_make_no_difference(typed: str, stored: str) -> None:
    assert normalize_text(typed) == normalize_text(stored)


@given(st.text())
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(once) == once


@pytest.mark.parametrize(
    ("search", "refusal"),
    [
        ("a " * MAX_WORDS, ""),
        ("a " * (MAX_WORDS + 1), "Search for at most 10 words."),
        ("é" * MAX_LENGTH, ""),
        ("é" * (MAX_LENGTH + 1), "Search for at most 300 characters."),
    ],
)
def test_long_searches_are_refused(search: str, refusal: str) -> None:
    assert explain_refusal(search) == refusal
