from __future__ import annotations

import base64
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from pytest_django import Settings

from loopsweb import cipher
from loopsweb.accounts.adapter import MFAAdapter
from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from tests.keys.factory import key_of

NEW = "new:" + base64.b64encode(b"n" * 32).decode()


def rotate_keys() -> str:
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    return said.getvalue()


def test_after_a_rotation_the_old_ring_key_is_not_needed(
    alice: User, otto: User, acme: Workspace, settings: Settings
) -> None:
    seal = MFAAdapter().encrypt
    key_of(alice, acme)
    totp = Authenticator.objects.create(user=otto, type="totp", data={"secret": seal("t")})
    data = {"seed": seal("s"), "used_mask": 3, "migrated_codes": [seal("a"), seal("b")]}
    codes = Authenticator.objects.create(user=otto, type="recovery_codes", data=data)

    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"
    first, second = rotate_keys(), rotate_keys()
    settings.LOOPSWEB_SECRET_KEYS = NEW

    line = "Encrypted anew with ring key 'new': {} API keys, {} second factors.\n"
    assert (first, second) == (line.format(1, 2), line.format(0, 0))
    assert (Key.objects.get().secret(), Key.objects.get().ring_id) == ("demo-org-key", "new")
    totp.refresh_from_db()
    codes.refresh_from_db()
    open_ = MFAAdapter().decrypt
    assert open_(totp.data["secret"]) == "t"
    assert (open_(codes.data["seed"]), codes.data["used_mask"]) == ("s", 3)
    assert [open_(each) for each in codes.data["migrated_codes"]] == ["a", "b"]


def test_what_cannot_be_read_is_named_and_left(
    alice: User, otto: User, acme: Workspace, settings: Settings
) -> None:
    key_of(alice, acme, name="laptop")
    before = Key.objects.values().get()
    factor = {"secret": MFAAdapter().encrypt("t")}
    Authenticator.objects.create(user=otto, type="totp", data=factor)
    old = cipher.ring().current

    settings.LOOPSWEB_SECRET_KEYS = NEW
    with pytest.raises(CommandError) as raised:
        rotate_keys()

    why = str(cipher.UnknownRingKey(old))
    assert str(raised.value).splitlines() == [
        "Not readable, so left as they are:",
        f"API key laptop (…-key) of alice@example.com: {why}",
        f"Second factor of otto@example.com: {why}",
    ]
    assert Key.objects.values().get() == before
    assert Authenticator.objects.get().data == factor
