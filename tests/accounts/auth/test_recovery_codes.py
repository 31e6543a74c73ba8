from __future__ import annotations

import re
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import RecoveryCodes
from allauth.mfa.utils import encrypt
from django.contrib.auth.hashers import make_password
from django.test import Client

from loopsweb.accounts.models import User, digest_token
from tests.accounts.auth.test_mfa import set_up_mfa

PASSWORD, CODES = "correct horse battery", "/accounts/2fa/recovery-codes/"
SEED = "5e" * 40


def read_codes(browser: Client) -> list[str]:
    page = browser.get(CODES).content.decode()
    return re.findall(r"\b(?:[A-Z2-7]{4}-){5}[A-Z2-7]{4}\b", page)


def use_code(person: User, code: str) -> bool:
    """At sign-in. Returns whether the person is in."""
    browser = Client()
    browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    return "_auth_user_id" in browser.session


def stored() -> list[str]:
    digests: list[str] = Authenticator.objects.get(type="recovery_codes").data["digests"]
    return digests


def test_codes_are_long_and_shown_once_and_stored_as_digests(ada: User) -> None:
    browser, _ = set_up_mfa(ada)

    codes = read_codes(browser)

    assert (len(set(codes)), read_codes(browser)) == (10, [])
    assert stored() == [digest_token(code.replace("-", "")) for code in codes]
    assert codes[0] not in str(dict(browser.session.items()))
    assert browser.get(f"{CODES}download/").status_code == 403


def test_codes_that_are_not_seen_yet_are_encrypted_in_the_session(ada: User) -> None:
    browser, _ = set_up_mfa(ada)
    kept = str(dict(browser.session.items()))

    assert [code for code in read_codes(browser) if code in kept] == []


def test_a_code_works_once_however_it_is_typed(ada: User) -> None:
    browser, _ = set_up_mfa(ada)
    first, second, *_ = read_codes(browser)

    tries = [use_code(ada, each) for each in (first, first, second.lower().replace("-", " "))]

    assert tries == [True, False, True]
    assert len(stored()) == 8
    assert "There are 8 out of 10 recovery codes" in browser.get("/accounts/2fa/").content.decode()


def test_new_codes_replace_the_old_ones(ada: User) -> None:
    browser, _ = set_up_mfa(ada)
    old = read_codes(browser)

    browser.post(f"{CODES}generate/")
    new = read_codes(browser)

    assert (len(new), set(new) & set(old)) == (10, set())
    assert (use_code(ada, old[0]), use_code(ada, new[0])) == (False, True)


def test_codes_made_by_allauth_stay_valid_as_slow_hashes(ada: User) -> None:
    set_up_mfa(ada)
    derive_codes = import_module("loopsweb.accounts.migrations.0005_recovery_codes").derive_codes
    codes, seed = derive_codes(SEED), encrypt(SEED)
    by_allauth = RecoveryCodes.__base__(Authenticator(data={"seed": seed, "used_mask": 0}))
    Authenticator.objects.filter(type="recovery_codes").update(
        data={"digests": [make_password(code) for code in codes[:2]]}
    )

    assert codes == by_allauth.generate_codes()
    assert [use_code(ada, each) for each in (codes[1], codes[1], "00000000")] == [
        True,
        False,
        False,
    ]


def test_allauth_makes_no_codes_of_its_own() -> None:
    assert RecoveryCodes.__module__ == "loopsweb.accounts.auth.recovery_codes"


@pytest.mark.parametrize("wrong", [False, True])
def test_the_secret_being_set_up_is_encrypted_in_the_session(wrong: bool, ada: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    if wrong:
        page = browser.post("/accounts/2fa/totp/activate/", {"code": "000000"})

    assert page.context["form"].secret == secret
    assert len(secret) == 32
    assert secret not in str(dict(browser.session.items()))
