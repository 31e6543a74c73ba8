from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from loopsweb import cipher
from loopsweb.accounts.auth.mfa import CIPHER_PURPOSE
from loopsweb.accounts.models import Membership, Role, Team, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import login_as

PASSWORD = "correct horse battery"
PAGES = ["", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"]


@pytest.fixture
def ada(db: None, settings: Settings) -> User:
    settings.MFA_TOTP_TOLERANCE = 1  # a code may expire between two lines of a test
    return User.objects.create_user("ada@example.com", PASSWORD)


def totp_code(secret: str) -> str:
    return str(auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30)))


def set_up_mfa(ada: User) -> tuple[Client, str]:
    """Turn MFA on as a person does. Returns their browser and the secret in their app."""
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/")
    shown = page.content.decode()
    assert 'class="button primary" type="submit"' in shown
    assert '<a href="/accounts/2fa/">Two-factor authentication</a>' in shown
    assert "<h1>Activate authenticator app</h1>" in shown
    secret = page.context["form"].secret
    browser.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret)})
    return browser, str(secret)


def test_secrets_are_stored_encrypted(ada: User) -> None:
    _, secret = set_up_mfa(ada)

    kept = {each.type: each.data for each in Authenticator.objects.all()}
    assert secret not in str(kept)
    ring = cipher.get_ring()
    assert ring.decrypt(kept["totp"]["secret"], purpose=CIPHER_PURPOSE) == secret


def test_a_secret_cannot_be_decrypted_as_an_api_key(ada: User) -> None:
    set_up_mfa(ada)
    blob = Authenticator.objects.get(type="totp").data["secret"]

    with pytest.raises(cipher.Undecryptable):
        cipher.get_ring().decrypt(blob, purpose="keys.Key")


def test_sign_in_requires_the_code(ada: User) -> None:
    _, secret = set_up_mfa(ada)
    browser = Client()

    response = browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in browser.session

    refused = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert list(refused.context["form"].errors) == ["code"]

    taken = browser.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert taken["Location"] == "/"
    assert browser.session["_auth_user_id"] == str(ada.pk)


def test_codes_work_once_and_not_for_long(ada: User) -> None:
    _, secret = set_up_mfa(ada)
    old = auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30 - 3))
    code = totp_code(secret)

    outcomes = []
    for each in (old, code, code):
        browser = Client()
        browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
        outcomes.append(browser.post("/accounts/2fa/authenticate/", {"code": each}).status_code)

    assert outcomes == [200, 302, 200]


@pytest.mark.parametrize("path", PAGES)
def test_allauth_pages_use_the_site_layout(path: str, ada: User) -> None:
    browser, _ = set_up_mfa(ada)

    html = browser.get(f"/accounts/2fa/{path}").content.decode()

    assert html.count('<div class="page">') == 1
    assert 'class="button' in html.split("<main")[1]


def test_mfa_can_be_turned_off(ada: User) -> None:
    browser, _ = set_up_mfa(ada)

    browser.post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.count() == 0


def list_events(action: str) -> list[tuple[str, str, str]]:
    events = Event.objects.filter(action=action).order_by("pk")
    return [(each.outcome, each.reason, str(each.answer)) for each in events]


def test_adding_and_removing_mfa_is_recorded(
    ada: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        browser, _ = set_up_mfa(ada)
    browser.post("/accounts/2fa/totp/deactivate/")

    app, codes = "{'second_factor': 'TOTP Authenticator'}", "{'second_factor': 'Recovery codes'}"
    assert list_events("second_factor.add") == [("succeeded", "", app), ("succeeded", "", codes)]
    assert list_events("second_factor.remove") == [("succeeded", "", app), ("succeeded", "", codes)]


def test_a_change_of_mfa_offers_to_end_other_sessions(ada: User) -> None:
    Client().post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    browser, _ = set_up_mfa(ada)

    browser.post("/accounts/2fa/totp/deactivate/")

    page = browser.get("/accounts/2fa/").content.decode()
    assert 'You can <a href="/accounts/sessions/">end their sessions</a>.' in page


def test_a_wrong_code_is_recorded(ada: User) -> None:
    set_up_mfa(ada)
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})

    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})

    wrong = "The password was correct, but the two-factor code was wrong."
    assert list_events("person.sign_in")[1:] == [("refused", wrong, "None")]


@pytest.fixture
def strict_acme(acme: Workspace) -> Workspace:
    acme.team.second_factor_required = True
    acme.team.save()
    return acme


def test_a_team_that_requires_mfa_redirects_to_setup(ada: User, strict_acme: Workspace) -> None:
    Membership.objects.create(team=strict_acme.team, user=ada, role=Role.OPERATOR)
    browser = login_as(ada)
    inside = [
        strict_acme.get_absolute_url(),
        reverse("runs:list", args=[strict_acme.slug]),
        reverse("teams:detail", args=[strict_acme.team_id]),
    ]

    assert {browser.get(path)["Location"] for path in inside} == {"/accounts/second-factor/"}
    assert {browser.post(path)["Location"] for path in inside} == {"/accounts/second-factor/"}
    live = browser.get(inside[1], headers={"HX-Request": "true"})
    assert (live.status_code, live["HX-Redirect"]) == (204, "/accounts/second-factor/")
    response = browser.get("/accounts/second-factor/")
    assert response.context["teams"] == [strict_acme.team]
    assert browser.get("/w/ada/").status_code == 200


def test_people_with_mfa_have_access(ada: User, strict_acme: Workspace) -> None:
    Membership.objects.create(team=strict_acme.team, user=ada, role=Role.OPERATOR)
    browser, _ = set_up_mfa(ada)

    assert browser.get(strict_acme.get_absolute_url()).status_code == 200
    assert browser.get("/accounts/second-factor/").context["teams"] == []


def test_outsiders_do_not_learn_that_mfa_is_required(ada: User, strict_acme: Workspace) -> None:
    assert login_as(ada).get(strict_acme.get_absolute_url()).status_code == 404


def test_an_admin_requires_mfa(ada: User, acme: Workspace) -> None:
    Membership.objects.create(team=acme.team, user=ada, role=Role.ADMIN)
    policy, form = reverse("teams:policy", args=[acme.team_id]), {"second_factor_required": "on"}

    refused = login_as(ada).post(policy, form)
    assert refused.status_code == 409
    assert "you have not set up two-factor authentication" in refused.content.decode()

    browser, _ = set_up_mfa(ada)
    browser.post(policy, form)
    assert Team.objects.get(pk=acme.team_id).second_factor_required is True
    browser.post(policy, form)
    browser.post(policy, {})
    assert Team.objects.get(pk=acme.team_id).second_factor_required is False
    answers = Event.objects.filter(action="team.policy").order_by("pk").values_list("answer")
    assert [answer for (answer,) in answers] == [
        {"was": {"second_factor_required": was}, "is": {"second_factor_required": not was}}
        for was in (False, True)
    ]
