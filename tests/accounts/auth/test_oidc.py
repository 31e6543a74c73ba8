from __future__ import annotations

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.db.models.signals import pre_save
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from tests.accounts.auth.oidc_provider import EVE, LOGIN, Provider, ask_provider, sign_in
from tests.personas import login_as


def list_roles(acme: Workspace) -> dict[str, str]:
    return dict(acme.team.memberships.values_list("user__email", "role"))


def signed_in_email(response: Any) -> str:
    person = User.objects.filter(pk=response.client.session.get("_auth_user_id")).first()
    return person.email if person else ""


def test_the_sign_in_page_links_to_the_provider(provider: Provider, db: None) -> None:
    html = Client().get("/accounts/login/?next=/keys/").content.decode()

    assert f'method="post" action="{LOGIN}?next=%2Fkeys%2F">' in html
    assert '<button class="button" type="submit">Sign in with Acme ID</button>' in html


def test_opening_a_page_signs_nobody_in(provider: Provider, db: None) -> None:
    page = Client().get(LOGIN)

    assert page.status_code == 200
    assert "Continue to Acme ID</button>" in page.content.decode()
    left = Client().post(LOGIN)
    assert f'content="0;url={provider.issuer}/authorize?' in left.content.decode()
    assert Client(enforce_csrf_checks=True).post(LOGIN).status_code == 403


def test_single_sign_on_can_be_made_the_only_way_in(
    provider: Provider, acme: Workspace, mallory: User, settings: Settings
) -> None:
    settings.LOOPSWEB_SSO_ONLY = True
    mallory.set_password("correct horse battery")
    mallory.save()
    form = {"login": mallory.email, "password": "correct horse battery"}

    page = Client().get("/accounts/login/").content.decode()
    refused = Client().post("/accounts/login/", form)
    reset = Client().post("/accounts/password/reset/", {"email": mallory.email})

    assert 'type="password"' not in page
    assert (refused.status_code, signed_in_email(refused), reset.status_code) == (403, "", 403)
    assert signed_in_email(sign_in(provider, EVE | {"groups": ["ml"]})) == "eve@example.com"


def test_there_is_no_link_without_configuration(db: None) -> None:
    assert "/accounts/oidc/" not in Client().get("/accounts/login/").content.decode()
    assert Client().get(LOGIN).status_code == 404


def test_new_people_with_a_mapped_group_get_an_account(
    provider: Provider, acme: Workspace, alice: User
) -> None:
    response = sign_in(provider, EVE | {"groups": ["ml", "others"]})

    assert (response.status_code, signed_in_email(response)) == (302, "eve@example.com")
    assert list_roles(acme) == {alice.email: "admin", "eve@example.com": "operator"}
    eve = User.objects.get(email="eve@example.com")
    assert (eve.name, eve.has_usable_password(), eve.is_staff) == ("Eve", False, False)
    assert [each.slug for each in Workspace.objects.filter(team__members=eve)] == ["acme", "eve"]
    events = Event.objects.filter(workspace="acme").order_by("pk")
    assert {each.action for each in events} == {"member.add", "person.sign_in"}
    assert {each.person for each in events} == {"eve@example.com"}


def test_of_two_first_sign_ins_at_once_one_is_told_to_sign_in_again(
    provider: Provider, acme: Workspace
) -> None:
    def sign_in_elsewhere(instance: User, **_: Any) -> None:
        User.objects.bulk_create([User(email=instance.email)])  # sends no signal

    pre_save.connect(sign_in_elsewhere, sender=User)
    try:
        answer = sign_in(provider, EVE | {"groups": ["ml"]})
    finally:
        pre_save.disconnect(sign_in_elsewhere, sender=User)

    assert (answer.status_code, signed_in_email(answer)) == (403, "")
    assert "Your account was made a moment ago" in answer.content.decode()
    assert signed_in_email(sign_in(provider, EVE | {"groups": ["ml"]})) == "eve@example.com"


def test_line_breaks_are_removed_from_names(provider: Provider, acme: Workspace) -> None:
    sign_in(provider, EVE | {"groups": ["ml"], "name": "Eve\n\x1b \u202eOn\u3164line"})

    assert User.objects.get(email="eve@example.com").name == "Eve Online"


def test_a_known_email_signs_in_to_its_account(
    provider: Provider, acme: Workspace, mallory: User
) -> None:
    response = sign_in(provider, EVE | {"email": "MALLORY@example.com"})

    assert signed_in_email(response) == mallory.email
    assert User.objects.filter(email__iexact=mallory.email).count() == 1


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"groups": []}, "None of your groups at the identity provider has a role here"),
        ({"groups": ["ml"], "email_verified": False}, "has not verified your email address"),
        *(
            ({"groups": ["ml"], "email_verified": verified}, "has not verified your email address")
            for verified in ("false", "False", "0", "no", 1, ["true"])
        ),
        ({"groups": ["ml"], "email": None}, "has not verified your email address"),
        ({"groups": ["ml"], "email": "eve@exam\u200bple.com"}, "Character 9 (U+200B, zero width"),
        ({"groups": ["ml"], "email": "\u212aate@example.com"}, "could be mistaken for another"),
    ],
)
def test_sign_in_is_refused(
    claims: dict[str, Any], message: str, provider: Provider, acme: Workspace
) -> None:
    before = set(User.objects.values_list("email", flat=True))

    response = sign_in(provider, EVE | claims)

    assert (response.status_code, signed_in_email(response)) == (403, "")
    assert message in response.content.decode()
    assert set(User.objects.values_list("email", flat=True)) == before


@pytest.mark.parametrize(("verified", "who"), [("false", ""), ("true", "alice@example.com")])
def test_email_verified_as_text(
    verified: str, who: str, provider: Provider, acme: Workspace, alice: User
) -> None:
    response = sign_in(provider, {"sub": "x", "email": alice.email, "email_verified": verified})

    assert signed_in_email(response) == who
    assert SocialAccount.objects.count() == (1 if who else 0)


def test_a_reassigned_email_does_not_get_the_account(
    provider: Provider, acme: Workspace, mallory: User
) -> None:
    sign_in(provider, EVE | {"email": mallory.email})

    response = sign_in(provider, EVE | {"sub": "e2", "email": mallory.email, "groups": ["ml"]})

    assert (response.status_code, signed_in_email(response)) == (403, "")
    assert "is linked to another identity" in response.content.decode()
    assert [each.uid for each in SocialAccount.objects.all()] == ["e1"]
    assert signed_in_email(sign_in(provider, EVE | {"email": mallory.email})) == mallory.email


def test_a_deactivated_account_cannot_sign_in(
    provider: Provider, acme: Workspace, otto: User
) -> None:
    User.objects.filter(pk=otto.pk).update(is_active=False)

    response = sign_in(provider, EVE | {"email": otto.email, "groups": ["ml"]})

    assert (response["Location"], signed_in_email(response)) == ("/accounts/inactive/", "")


@pytest.mark.parametrize("case", ["state", "secret", "issuer", "verifier"])
def test_a_forged_callback_is_refused(
    case: str, provider: Provider, acme: Workspace, settings: Settings
) -> None:
    browser = Client()
    query = ask_provider(browser)
    provider.claims, provider.challenge = EVE | {"groups": ["ml"]}, query["code_challenge"][0]
    sent = {"code": "the-code", "state": query["state"][0]}
    if case == "state":
        sent["state"] = "forged"
    elif case == "secret":
        sent["code"] = "another-code"
    elif case == "issuer":
        provider.issued_by = "https://evil.example.com"
    else:
        provider.challenge = "another"

    response = browser.get(f"{LOGIN}callback/", sent)

    assert signed_in_email(response) == ""
    assert User.objects.filter(email="eve@example.com").count() == 0


def test_a_signed_in_person_cannot_add_another_identity(
    provider: Provider, acme: Workspace, otto: User
) -> None:
    browser = login_as(otto)

    response = sign_in(provider, EVE | {"groups": ["ml"]}, browser)

    assert response.status_code == 403
    assert signed_in_email(response) == otto.email
    assert signed_in_email(sign_in(provider, EVE | {"groups": []})) == ""


def test_starting_single_sign_on_is_limited_before_a_session_is_made(
    provider: Provider, db: None
) -> None:
    answers = [Client().post(LOGIN).status_code for _ in range(62)]
    assert (set(answers[:60]), set(answers[60:])) == ({200}, {429})
    assert Session.objects.count() == 60
