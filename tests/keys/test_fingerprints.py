from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from loopsweb.keys.fingerprints import VisibleEnds, compute_fingerprint, get_visible_ends


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("AbCdEfGh.0123456789abcdef", VisibleEnds("AbCdEfGh", "cdef")),
        ("demo-org-key", VisibleEnds("", "-key")),
        ("12345678", VisibleEnds("", "")),
        ("123456789", VisibleEnds("", "6789")),
        ("AbCdEfGh.12345678", VisibleEnds("", "")),
        (".123456789", VisibleEnds("", "6789")),
        ("", VisibleEnds("", "")),
    ],
)
def test_the_visible_ends_of_a_key(secret: str, shown: VisibleEnds) -> None:
    assert get_visible_ends(secret) == shown


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_at_least_half_of_the_secret_stays_hidden(secret: str) -> None:
    tail = secret.partition(".")[2] if "." in secret else secret

    assert len(get_visible_ends(secret).last4) * 2 < max(len(tail), 1)


@given(st.text(min_size=1), st.text(min_size=1))
def test_fingerprints_are_equal_only_for_equal_keys(one: str, other: str) -> None:
    assert (compute_fingerprint(one) == compute_fingerprint(other)) == (one == other)
    assert one == other or one not in {compute_fingerprint(one), compute_fingerprint(other)}


def test_a_fingerprint_depends_on_secret_key(settings: Settings) -> None:
    before = compute_fingerprint("demo-org-key")

    settings.SECRET_KEY = "another"

    assert compute_fingerprint("demo-org-key") != before
