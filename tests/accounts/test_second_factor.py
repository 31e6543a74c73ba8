from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from loopsweb import cipher
from loopsweb.accounts.auth.adapter import PURPOSE
from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.models import Event
from tests.personas import client_of

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
    page = browser.get("/accounts/2fa/totp/activate/")
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


def told(action: str) -> list[tuple[str, str, str]]:
    events = Event.objects.filter(action=action).order_by("pk")
    return [(each.outcome, each.reason, str(each.answer)) for each in events]


def test_coming_and_going_of_second_factors_is_told(
    ada: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        browser, _ = with_second_factor(ada)
    browser.post("/accounts/2fa/totp/deactivate/")

    app, codes = "{'second_factor': 'TOTP Authenticator'}", "{'second_factor': 'Recovery codes'}"
    assert told("second_factor.add") == [("succeeded", "", app), ("succeeded", "", codes)]
    assert told("second_factor.remove") == [("succeeded", "", app), ("succeeded", "", codes)]


def test_a_wrong_code_is_told(ada: User) -> None:
    with_second_factor(ada)
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})

    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})

    wrong = "The password was right, the code of the second factor was wrong."
    assert told("person.sign_in")[1:] == [("refused", wrong, "None")]


@pytest.fixture
def strict(acme: Workspace) -> Workspace:
    acme.team.second_factor_required = True
    acme.team.save()
    return acme


def test_a_team_that_demands_one_leads_there(ada: User, strict: Workspace) -> None:
    Membership.objects.create(team=strict.team, user=ada, role=Role.OPERATOR)
    browser = client_of(ada)
    inside = [
        strict.get_absolute_url(),
        reverse("runs:list", args=[strict.slug]),
        reverse("teams:detail", args=[strict.team_id]),
    ]

    assert {browser.get(path)["Location"] for path in inside} == {"/accounts/second-factor/"}
    assert {browser.post(path)["Location"] for path in inside} == {"/accounts/second-factor/"}
    live = browser.get(inside[1], headers={"HX-Request": "true"})
    assert (live.status_code, live["HX-Redirect"]) == (204, "/accounts/second-factor/")
    asked = browser.get("/accounts/second-factor/")
    assert asked.context["teams"] == [strict.team]
    assert browser.get("/w/ada/").status_code == 200


def test_whoever_has_one_comes_in(ada: User, strict: Workspace) -> None:
    Membership.objects.create(team=strict.team, user=ada, role=Role.OPERATOR)
    browser, _ = with_second_factor(ada)

    assert browser.get(strict.get_absolute_url()).status_code == 200
    assert browser.get("/accounts/second-factor/").context["teams"] == []


def test_an_outsider_does_not_learn_that_one_is_demanded(ada: User, strict: Workspace) -> None:
    assert client_of(ada).get(strict.get_absolute_url()).status_code == 404


def test_demanding_one(ada: User, acme: Workspace) -> None:
    Membership.objects.create(team=acme.team, user=ada, role=Role.ADMIN)
    policy, demand = reverse("teams:policy", args=[acme.team_id]), {"second_factor_required": "on"}

    refused = client_of(ada).post(policy, demand)
    assert refused.status_code == 409
    assert "You have no second factor yourself" in refused.content.decode()

    browser, _ = with_second_factor(ada)
    browser.post(policy, demand)
    acme.team.refresh_from_db()
    assert acme.team.second_factor_required is True
    browser.post(policy, demand)
    browser.post(policy, {})
    acme.team.refresh_from_db()
    assert acme.team.second_factor_required is False
    answers = Event.objects.filter(action="team.policy").order_by("pk").values_list("answer")
    assert [answer for (answer,) in answers] == [
        {"was": {"second_factor_required": was}, "is": {"second_factor_required": not was}}
        for was in (False, True)
    ]
