from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client
from pytest_django import Settings

from loopsweb import cipher
from loopsweb.accounts.adapter import PURPOSE
from loopsweb.accounts.models import User

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db: None, settings: Settings) -> User:
    settings.MFA_TOTP_TOLERANCE = 1  # a code may grow old between two lines of a test
    return User.objects.create_user("ada@example.com", PASSWORD)


def code(secret: str) -> str:
    return str(auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30)))


def with_second_factor(ada: User) -> tuple[Client, str]:
    """Turn it on as a person does; answers their browser and the secret their phone now holds."""
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    confirm = browser.get("/accounts/2fa/totp/activate/")["Location"]
    page = browser.post(confirm, {"password": PASSWORD}, follow=True)
    secret = page.context["form"].secret
    browser.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    return browser, str(secret)


def test_secrets_are_kept_encrypted(ada: User) -> None:
    _, secret = with_second_factor(ada)

    kept = {each.type: each.data for each in Authenticator.objects.all()}
    assert secret not in str(kept)
    ring = cipher.ring()
    assert ring.decrypt(kept["totp"]["secret"], purpose=PURPOSE) == secret
    assert bytes.fromhex(ring.decrypt(kept["recovery_codes"]["seed"], purpose=PURPOSE)) != b""


def test_a_secret_is_no_api_key_and_an_api_key_no_secret(ada: User) -> None:
    with_second_factor(ada)
    blob = Authenticator.objects.get(type="totp").data["secret"]

    with pytest.raises(cipher.Undecryptable):
        cipher.ring().decrypt(blob, purpose="keys.Key")


def test_signing_in_takes_the_code(ada: User) -> None:
    _, secret = with_second_factor(ada)
    browser = Client()

    asked = browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in browser.session

    refused = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert list(refused.context["form"].errors) == ["code"]

    taken = browser.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert taken["Location"] == "/"
    assert browser.session["_auth_user_id"] == str(ada.pk)


PAGES = ["", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"]


@pytest.mark.parametrize("path", PAGES)
def test_its_pages_open_in_the_frame_of_the_site(path: str, ada: User) -> None:
    browser, _ = with_second_factor(ada)

    html = browser.get(f"/accounts/2fa/{path}").content.decode()

    assert html.count('<div class="page">') == 1
    assert 'class="button' in html.split("<main")[1]


def test_it_can_be_turned_off(ada: User) -> None:
    browser, _ = with_second_factor(ada)

    browser.post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.count() == 0
