from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from loopsweb.keys.fingerprints import Ends, ends, fingerprint


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("AbCdEfGh.0123456789abcdef", Ends("AbCdEfGh", "cdef")),
        ("demo-org-key", Ends("", "-key")),
        ("12345678", Ends("", "")),
        ("123456789", Ends("", "6789")),
        ("AbCdEfGh.12345678", Ends("", "")),
        (".123456789", Ends("", "6789")),
        ("", Ends("", "")),
    ],
)
def test_what_is_shown_of_a_key(secret: str, shown: Ends) -> None:
    assert ends(secret) == shown


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=80))
def test_half_of_the_secret_part_at_least_stays_hidden(secret: str) -> None:
    tail = secret.partition(".")[2] if "." in secret else secret

    assert len(ends(secret).last4) * 2 < max(len(tail), 1)


@given(st.text(min_size=1), st.text(min_size=1))
def test_fingerprints_are_equal_for_equal_keys_alone(one: str, other: str) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (one == other)
    assert one == other or one not in {fingerprint(one), fingerprint(other)}


def test_a_fingerprint_depends_on_the_secret_key_of_the_site(settings: Settings) -> None:
    before = fingerprint("demo-org-key")

    settings.SECRET_KEY = "another"

    assert fingerprint("demo-org-key") != before
