from __future__ import annotations

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.cipher import KeyRing, Undecryptable, UnknownRingKey, parse_ring_id

OLD = "2025:" + base64.b64encode(b"o" * 32).decode()
NEW = "2026:" + base64.b64encode(b"n" * 32).decode()

words = st.text(max_size=60)
places = st.lists(words, max_size=4).map(tuple)


@given(secret=st.text(), purpose=words, place=places)
def test_secrets_round_trip(secret: str, purpose: str, place: tuple[str, ...]) -> None:
    ring = KeyRing(NEW)

    blob = ring.encrypt(secret, purpose=purpose, place=place)

    assert ring.decrypt(blob, purpose=purpose, place=place) == secret


@given(
    made_for=st.tuples(words, places), tried_at=st.tuples(words, places), secret=st.text(min_size=1)
)
def test_a_blob_decrypts_only_in_its_place(
    made_for: tuple[str, tuple[str, ...]], tried_at: tuple[str, tuple[str, ...]], secret: str
) -> None:
    ring = KeyRing(NEW)
    blob = ring.encrypt(secret, purpose=made_for[0], place=made_for[1])

    if made_for == tried_at:
        assert ring.decrypt(blob, purpose=tried_at[0], place=tried_at[1]) == secret
    else:
        with pytest.raises(Undecryptable):
            ring.decrypt(blob, purpose=tried_at[0], place=tried_at[1])


def test_the_parts_of_a_place_are_not_joined() -> None:
    ring = KeyRing(NEW)
    blob = ring.encrypt("secret", purpose="keys", place=("1", "23"))

    with pytest.raises(Undecryptable):
        ring.decrypt(blob, purpose="keys", place=("12", "3"))


@given(data=st.data())
def test_a_changed_blob_does_not_decrypt(data: st.DataObject) -> None:
    ring = KeyRing(f"{NEW},{OLD}")
    secret = "8letters"  # with nonce and tag a multiple of three bytes: no bit of base64 is spare
    blob = ring.encrypt(secret, purpose="keys")
    at = data.draw(st.integers(0, len(blob) - 1))
    character = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = blob[:at] + character + blob[at + 1 :]

    if changed == blob:
        assert ring.decrypt(changed, purpose="keys") == secret
    else:
        with pytest.raises((Undecryptable, UnknownRingKey)):
            ring.decrypt(changed, purpose="keys")


@given(blob=st.text(max_size=80))
def test_garbage_does_not_decrypt(blob: str) -> None:
    with pytest.raises((Undecryptable, UnknownRingKey)):
        KeyRing(NEW).decrypt(blob, purpose="keys")


def test_equal_secrets_have_different_blobs() -> None:
    ring = KeyRing(NEW)

    assert ring.encrypt("secret", purpose="keys") != ring.encrypt("secret", purpose="keys")


def test_the_first_ring_key_encrypts_and_all_decrypt() -> None:
    before = KeyRing(OLD).encrypt("secret", purpose="keys")
    ring = KeyRing(f"{NEW}, {OLD}")

    after = ring.encrypt("secret", purpose="keys")

    assert parse_ring_id(before) == "2025"
    assert parse_ring_id(after) == "2026"
    assert ring.decrypt(before, purpose="keys") == "secret"
    assert ring.decrypt(after, purpose="keys") == "secret"


def test_a_blob_with_another_ring_id_does_not_decrypt() -> None:
    ring = KeyRing(f"{NEW},{OLD}")
    blob = ring.encrypt("secret", purpose="keys")

    with pytest.raises(Undecryptable):
        ring.decrypt(blob.replace("2026", "2025", 1), purpose="keys")


def test_a_missing_ring_key_is_named() -> None:
    blob = KeyRing(OLD).encrypt("secret", purpose="keys")

    with pytest.raises(UnknownRingKey) as raised:
        KeyRing(NEW).decrypt(blob, purpose="keys")

    assert raised.value.ring_id == "2025"
    assert str(raised.value) == (
        "This secret was encrypted with the ring key '2025', which LOOPSWEB_SECRET_KEYS does not "
        "hold. Add '2025' to it again, or enter the secret again."
    )


SHORT = base64.b64encode(b"s" * 31).decode()
BAD_ENTRY = (
    "LOOPSWEB_SECRET_KEYS, entry {}: an entry is `id:base64 of 32 bytes`, "
    "with a unique id of letters, digits, dots, dashes and underscores."
)
BAD_KEY = (
    "LOOPSWEB_SECRET_KEYS, entry {}: the part after the colon is not the base64 of "
    "exactly 32 bytes. `openssl rand -base64 32` generates one."
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", BAD_ENTRY.format(1)),
        (NEW + ",", BAD_ENTRY.format(2)),
        (f"{NEW},{NEW}", BAD_ENTRY.format(2)),
        (NEW.replace("2026", "a b"), BAD_ENTRY.format(1)),
        (f"1:{SHORT}", BAD_KEY.format(1)),
        (f"{NEW},1:not base64!", BAD_KEY.format(2)),
        ("1", BAD_KEY.format(1)),
    ],
)
def test_an_invalid_ring_is_refused_without_showing_it(text: str, complaint: str) -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        KeyRing(text)

    assert str(raised.value) == complaint


def test_a_ring_shows_only_its_ids() -> None:
    assert repr(KeyRing(f"{NEW},{OLD}")) == "<Ring 2026, 2025>"
