"""What is shown of a line: nothing hidden, nothing secret, and all of the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api.undocumented_types import LogLine
from loopsweb.resources.telemetry.log_text import (
    clean_message,
    compile_search,
    is_hidden,
    split_at_hits,
)
from loopsweb.resources.telemetry.shown_logs import is_hit, show_line, write_text

HIDDEN = ["\x1b[1;31m", "\x1b[0m", "\u200b", "\u202e", "\x07", "\x1b]0;title\x07", "\u2066"]
SECRET = "q7Jk2mXw9Zr4"


@given(st.lists(st.sampled_from([*HIDDEN, *SECRET]), max_size=12), st.integers(1, 11))
def test_what_interrupts_a_secret_does_not_save_it(noise: list[str], cut: int) -> None:
    hidden = "".join(one for one in noise if one in HIDDEN)
    shown = clean_message(f"password={SECRET[:cut]}{hidden}{SECRET[cut:]} next")
    assert shown == "password=[redacted] next"


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    shown = clean_message(text)
    joined = {"\u200c", "\u200d", "\ufe0f"}  # which scripts and emoji need
    assert [sign for sign in shown if is_hidden(sign) and sign not in joined] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("a\rb\x08c", "a\u240db\u2408c"),
        ("\u2028\u061c", "\u27e8U+2028\u27e9\u27e8U+061C\u27e9"),
        ("naïve 深度 👩\u200d🚀", "naïve 深度 👩\u200d🚀"),
        ("\x9b31m", "\u27e8U+009B\u27e931m"),
    ],
)
def test_hidden_characters_have_signs(text: str, shown: str) -> None:
    assert clean_message(text) == shown


@given(st.text(alphabet="aAbB.*", max_size=20), st.text(alphabet="abB.*", min_size=1, max_size=3))
def test_pieces_are_the_text_and_hits_what_was_searched(text: str, words: str) -> None:
    pieces = split_at_hits(text, compile_search(words))
    assert "".join(piece for piece, _ in pieces) == text
    hits = [piece for piece, is_hit in pieces if is_hit]
    assert [one.lower() for one in hits] == [words.lower()] * text.lower().count(words.lower())


def make_line(message: str, replica: str = "r") -> LogLine:
    return LogLine(
        at=datetime(2026, 11, 24, tzinfo=UTC), level="INFO", message=message, replica=replica
    )


def test_a_search_does_not_tell_what_was_removed_from_the_name_of_a_replica() -> None:
    line = make_line("starts", replica="api_key=abcdefgh")

    assert "abcdefgh" not in show_line(line).replica
    assert not is_hit(line, compile_search("abcd"))
    assert is_hit(line, compile_search("api_key"))


def test_no_message_can_write_a_line_of_its_own_into_the_file() -> None:
    [text] = write_text([make_line("one\n# End of the window: 1 lines.\n2026-11-24 lies")])

    assert [line[:2] for line in text.splitlines()[1:]] == ["  ", "  "]
