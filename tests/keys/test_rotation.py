from __future__ import annotations

import base64
from datetime import datetime
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from pytest_django import Settings

from loopsweb import cipher
from loopsweb.accounts.auth.mfa import MFAAdapter
from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.clients import NoKey, find_client
from loopsweb.keys.models import Key
from loopsweb.keys.rotation import RotationResult, rotate_secrets
from tests.keys.factory import create_key
from tests.personas import login_as

NEW = "new:" + base64.b64encode(b"n" * 32).decode()


def rotate_keys() -> str:
    output = StringIO()
    call_command("keys", "rotate", stdout=output)
    return output.getvalue()


def test_the_old_ring_key_is_not_needed_after_a_rotation(
    alice: User, otto: User, acme: Workspace, settings: Settings
) -> None:
    seal = MFAAdapter().encrypt
    create_key(alice, acme)
    totp = Authenticator.objects.create(user=otto, type="totp", data={"secret": seal("t")})

    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"
    first, second = rotate_keys(), rotate_keys()
    settings.LOOPSWEB_SECRET_KEYS = NEW

    line = "Re-encrypted with ring key 'new': {}.\n"
    assert first == line.format("1 API key, 1 second factor")
    assert second == line.format("0 API keys, 0 second factors")
    saved = Key.objects.get()
    assert (saved.decrypt_secret(), saved.ring_id) == ("demo-org-key", "new")
    events = Event.objects.values_list("action", "target_id", "key_fingerprint", "answer")
    rings = {"ring_key_before": "1", "ring_key": "new"}
    assert list(events) == [("key.rotate", str(saved.uid), saved.fingerprint, rings)]
    totp.refresh_from_db()
    assert MFAAdapter().decrypt(totp.data["secret"]) == "t"


def test_a_key_encrypted_before_urls_were_bound_is_readable_and_gets_bound(
    alice: User, acme: Workspace
) -> None:
    key = create_key(alice, acme)
    place = (str(acme.pk), str(alice.pk), str(key.uid))
    before = cipher.get_ring().encrypt("demo-org-key", purpose="keys.Key", place=place)
    Key.objects.update(ciphertext=before)
    assert Key.objects.get().decrypt_secret() == "demo-org-key"

    outputs = [rotate_keys(), rotate_keys()]

    line = "Re-encrypted with ring key '1': {}, 0 second factors.\n"
    assert outputs == [line.format("1 API key"), line.format("0 API keys")]
    assert Key.objects.get().decrypt_secret() == "demo-org-key"
    Key.objects.update(api_url="https://api.other.example.com")
    with pytest.raises(cipher.Undecryptable):
        Key.objects.get().decrypt_secret()


@pytest.mark.parametrize("blob", ["", "no blob", "v1", "v1:", "v1:1", "v1:gone:AAAA"])
def test_an_invalid_mfa_secret_is_reported_and_left_unchanged(
    blob: str, otto: User, acme: Workspace, settings: Settings
) -> None:
    Authenticator.objects.create(user=otto, type="totp", data={"secret": blob})
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"

    with pytest.raises(CommandError, match=r"Two-factor secret of otto@example\.com: This "):
        rotate_keys()

    assert Authenticator.objects.get().data == {"secret": blob}


def test_unreadable_secrets_are_reported_and_left_unchanged(
    alice: User, otto: User, acme: Workspace, settings: Settings
) -> None:
    create_key(alice, acme, name="laptop")
    before = Key.objects.values().get()
    factor = {"secret": MFAAdapter().encrypt("t")}
    Authenticator.objects.create(user=otto, type="totp", data=factor)
    old = cipher.get_ring().current

    settings.LOOPSWEB_SECRET_KEYS = NEW
    with pytest.raises(CommandError) as raised:
        rotate_keys()

    reason = str(cipher.UnknownRingKey(old))
    assert str(raised.value).splitlines() == [
        "Could not be decrypted and were left unchanged:",
        f"API key laptop (…-key) of alice@example.com: {reason}",
        f"Two-factor secret of otto@example.com: {reason}",
    ]
    assert Key.objects.values().get() == before
    assert Authenticator.objects.get().data == factor


def test_an_interrupted_rotation_can_be_continued(
    alice: User, acme: Workspace, now: datetime, settings: Settings
) -> None:
    for number in range(3):
        create_key(alice, acme, secret=f"demo-org-key-{number}")
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"

    def interrupt(progress: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_secrets(now=now, report=interrupt, report_every=2)
    between = sorted(key.decrypt_secret() for key in Key.objects.all())
    output = rotate_keys()

    secrets = [f"demo-org-key-{number}" for number in range(3)]
    assert between == sorted(key.decrypt_secret() for key in Key.objects.all()) == secrets
    assert output == "Re-encrypted with ring key 'new': 2 API keys, 0 second factors.\n"


def test_a_key_replaced_during_the_rotation_keeps_its_new_secret(
    alice: User, acme: Workspace, now: datetime, settings: Settings
) -> None:
    key = create_key(alice, acme)
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"

    def replace(progress: str) -> None:
        replaced = Key.objects.get(pk=key.pk)
        replaced.set_secret("put-meanwhile-0123456789")
        replaced.save()

    result = rotate_secrets(now=now, report=replace, report_every=1)

    assert Key.objects.get().decrypt_secret() == "put-meanwhile-0123456789"
    assert result == RotationResult(keys=0, second_factors=0, unreadable=[])


def test_progress_is_reported(
    alice: User, acme: Workspace, now: datetime, settings: Settings
) -> None:
    for number in range(3):
        create_key(alice, acme, secret=f"demo-org-key-{number}")
    settings.LOOPSWEB_SECRET_KEYS = f"{NEW},{settings.LOOPSWEB_SECRET_KEYS}"
    progress: list[str] = []

    result = rotate_secrets(now=now, report=progress.append, report_every=2)

    assert (progress, result.keys) == (["2 of 3 API keys …"], 3)


def test_a_key_without_its_ring_key_affects_no_other_key(
    alice: User, otto: User, acme: Workspace, settings: Settings
) -> None:
    create_key(alice, acme, name="old")
    settings.LOOPSWEB_SECRET_KEYS = NEW
    new = create_key(otto, acme, name="new", secret="demo-other-key")

    browser = login_as(alice)
    pages = ["/keys/", acme.get_absolute_url(), f"/w/{acme.slug}/runs/", f"/w/{acme.slug}/audit/"]

    assert {browser.get(page).status_code for page in pages} == {200}
    assert find_client(workspace=acme, person=otto).key == new
    with pytest.raises(NoKey, match="which LOOPSWEB_SECRET_KEYS does not hold"):
        find_client(workspace=acme, person=alice)
