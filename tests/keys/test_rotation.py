from __future__ import annotations

import base64
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from pytest_django import Settings

from loopsweb import cipher
from loopsweb.accounts.auth.adapter import MFAAdapter
from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.clients import NoKey, client_for
from loopsweb.keys.models import Key
from tests.keys.factory import key_of
from tests.personas import client_of

NEW = "new:" + base64.b64encode(b"n" * 32).decode()


def rotate_keys() -> str:
    said = StringIO()
    call_command("keys", "rotate", stdout=said)
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
    kept = Key.objects.get()
    assert (kept.secret(), kept.ring_id) == ("demo-org-key", "new")
    told = Event.objects.values_list("action", "target_id", "key_fingerprint", "answer")
    rings = {"ring_key_before": "1", "ring_key": "new"}
    assert list(told) == [("key.rotate", str(kept.uid), kept.fingerprint, rings)]
    totp.refresh_from_db()
    codes.refresh_from_db()
    open_ = MFAAdapter().decrypt
    assert open_(totp.data["secret"]) == "t"
    assert (open_(codes.data["seed"]), codes.data["used_mask"]) == ("s", 3)
    assert [open_(each) for each in codes.data["migrated_codes"]] == ["a", "b"]


def test_a_key_from_before_it_was_bound_to_its_api_is_read_and_bound(
    alice: User, acme: Workspace
) -> None:
    key = key_of(alice, acme)
    place = (str(acme.pk), str(alice.pk), str(key.uid))
    before = cipher.ring().encrypt("demo-org-key", purpose="keys.Key", place=place)
    Key.objects.update(ciphertext=before)
    assert Key.objects.get().secret() == "demo-org-key"

    said = [rotate_keys(), rotate_keys()]

    line = "Encrypted anew with ring key '1': {} API keys, 0 second factors.\n"
    assert said == [line.format(1), line.format(0)]
    assert Key.objects.get().secret() == "demo-org-key"
    Key.objects.update(api_url="https://api.other.example.com")
    with pytest.raises(cipher.Undecryptable):
        Key.objects.get().secret()


@pytest.mark.parametrize("blob", ["", "no blob", "v1", "v1:", "v1:1", "v1:gone:AAAA"])
def test_a_second_factor_that_is_no_blob_is_named_and_left(
    blob: str, otto: User, acme: Workspace, settings: Settings
) -> None:
    Authenticator.objects.create(user=otto, type="totp", data={"secret": blob})
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"

    with pytest.raises(CommandError, match=r"Second factor of otto@example\.com: This "):
        rotate_keys()

    assert Authenticator.objects.get().data == {"secret": blob}


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


def test_one_that_was_cut_off_goes_on_where_it_stopped(
    alice: User, acme: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        key_of(alice, acme, secret=f"demo-org-key-{number}")
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"
    put = Key.put

    def cut_off(self: Key, secret: str) -> None:
        if Key.objects.filter(ring_id="new").exists():
            raise KeyboardInterrupt
        put(self, secret)

    with monkeypatch.context() as patch:
        patch.setattr(Key, "put", cut_off)
        with pytest.raises(KeyboardInterrupt):
            rotate_keys()
    between = sorted(key.secret() for key in Key.objects.all())
    said = rotate_keys()

    secrets = [f"demo-org-key-{number}" for number in range(3)]
    assert between == sorted(key.secret() for key in Key.objects.all()) == secrets
    assert said == "Encrypted anew with ring key 'new': 2 API keys, 0 second factors.\n"


def test_a_key_replaced_while_it_is_rotated_keeps_what_was_put(
    alice: User, acme: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(alice, acme)
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"
    put = Key.put

    def meanwhile(self: Key, secret: str) -> None:
        replaced = Key.objects.get(pk=key.pk)
        put(replaced, "put-meanwhile-0123456789")
        replaced.save()
        put(self, secret)

    with monkeypatch.context() as patch:
        patch.setattr(Key, "put", meanwhile)
        said = rotate_keys()

    assert Key.objects.get().secret() == "put-meanwhile-0123456789"
    assert said == "Encrypted anew with ring key 'new': 0 API keys, 0 second factors.\n"


def test_progress_is_said(
    alice: User, acme: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopsweb.keys.rotation.OFTEN", 2)
    for number in range(3):
        key_of(alice, acme, secret=f"demo-org-key-{number}")
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"

    assert rotate_keys().splitlines() == [
        "2 of 3 API keys …",
        "Encrypted anew with ring key 'new': 3 API keys, 0 second factors.",
    ]


def test_without_its_ring_key_a_stored_key_stops_itself_alone(
    alice: User, otto: User, acme: Workspace, settings: Settings
) -> None:
    key_of(alice, acme, name="old")
    settings.LOOPSWEB_SECRET_KEYS = NEW
    new = key_of(otto, acme, name="new", secret="demo-other-key")

    browser = client_of(alice)
    pages = ["/keys/", acme.get_absolute_url(), f"/w/{acme.slug}/runs/", f"/w/{acme.slug}/audit/"]

    assert {browser.get(page).status_code for page in pages} == {200}
    assert client_for(workspace=acme, person=otto).key == new
    with pytest.raises(NoKey, match="which LOOPSWEB_SECRET_KEYS does not hold"):
        client_for(workspace=acme, person=alice)
