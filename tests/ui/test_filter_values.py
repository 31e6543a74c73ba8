from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.ui.filter_values import decode_value, encode_value

STORABLE = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=255
)


@given(STORABLE)
def test_a_value_round_trips_through_a_text_field(value: str) -> None:
    form = encode_value(value)
    assert form.strip() == form
    assert "\n" not in form
    assert "\r" not in form
    assert decode_value(form) == value


def test_the_longest_value_round_trips() -> None:
    value = "\U0010fffd" * 255
    assert decode_value(encode_value(value)) == value


@given(st.text(max_size=300))
def test_any_text_is_the_form_of_a_value(text: str) -> None:
    value = decode_value(text)
    assert decode_value(encode_value(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-", ""),
        ('"-"', "-"),
        (" x ", " x "),
        ('"x', '"x'),
        ('"a\\u0000b"', "ab"),
        ('"\\ud800"', "?"),
    ],
)
def test_decoding(text: str, value: str) -> None:
    assert decode_value(text) == value
