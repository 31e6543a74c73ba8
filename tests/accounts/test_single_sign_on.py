from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.auth.oidc_roles import Grant, grants
from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.models import Event
from tests.accounts import oidc
from tests.personas import client_of

LOGIN = "/accounts/oidc/oidc/login/"
EVE = {"sub": "e1", "email": "Eve@example.com", "email_verified": True, "name": "Eve"}


@pytest.fixture
def service(settings: Settings) -> Iterator[oidc.Service]:
    with oidc.serving() as service:
        providers = deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
        providers["openid_connect"]["APPS"] = [
            {
                "provider_id": "oidc",
                "name": "Acme ID",
                "client_id": oidc.CLIENT,
                "secret": oidc.SECRET,
                "settings": {"server_url": service.issuer},
            }
        ]
        settings.SOCIALACCOUNT_PROVIDERS = providers
        settings.OIDC_ROLES = ["ml=acme:operator", "leads=acme:admin", "ghosts=nowhere:admin"]
        yield service


def sign_in(
    service: oidc.Service, claims: dict[str, Any], browser: Client | None = None, at: str = LOGIN
) -> Any:
    """What the callback answers."""
    browser = browser or Client()
    asked = parse_qs(urlsplit(browser.get(at)["Location"]).query)
    service.claims, service.challenge = claims, asked["code_challenge"][0]
    given = {"code": "the-code", "state": asked["state"][0]}
    return browser.get(urlsplit(asked["redirect_uri"][0]).path, given)


def roles(acme: Workspace) -> dict[str, str]:
    return dict(acme.team.memberships.values_list("user__email", "role"))


def signed_in(answer: Any) -> str:
    person = User.objects.filter(pk=answer.client.session.get("_auth_user_id")).first()
    return person.email if person else ""


def test_the_button_is_there_where_it_is_configured(service: oidc.Service, db: None) -> None:
    html = Client().get("/accounts/login/?next=/keys/").content.decode()

    assert f'href="{LOGIN}?next=%2Fkeys%2F">Sign in with Acme ID</a>' in html


def test_without_configuration_there_is_none(db: None) -> None:
    assert "/accounts/oidc/" not in Client().get("/accounts/login/").content.decode()
    assert Client().get(LOGIN).status_code == 404


def test_somebody_new_with_a_group(service: oidc.Service, acme: Workspace, alice: User) -> None:
    answer = sign_in(service, EVE | {"groups": ["ml", "others"]})

    assert (answer.status_code, signed_in(answer)) == (302, "eve@example.com")
    assert roles(acme) == {alice.email: "admin", "eve@example.com": "operator"}
    eve = User.objects.get(email="eve@example.com")
    assert (eve.name, eve.has_usable_password(), eve.is_staff) == ("Eve", False, False)
    assert [each.slug for each in Workspace.objects.filter(team__members=eve)] == ["acme", "eve"]
    told = Event.objects.filter(workspace="acme").order_by("pk")
    assert {each.action for each in told} == {"member.add", "person.sign_in"}
    assert {each.person for each in told} == {"eve@example.com"}


def test_a_name_of_several_lines_becomes_one(service: oidc.Service, acme: Workspace) -> None:
    sign_in(service, EVE | {"groups": ["ml"], "name": "Eve\n\x1b Online"})

    assert User.objects.get(email="eve@example.com").name == "Eve Online"


def test_the_strongest_group_counts_and_losing_it_is_felt(
    service: oidc.Service, acme: Workspace, alice: User
) -> None:
    for groups, role in (
        (["ml", "leads"], "admin"),
        (["ml"], "operator"),
        ("leads", "admin"),
        ([], None),
    ):
        answer = sign_in(service, EVE | {"groups": groups})

        assert signed_in(answer) == "eve@example.com"
        assert roles(acme).get("eve@example.com") == role


def test_somebody_known_keeps_their_account(
    service: oidc.Service, acme: Workspace, mallory: User
) -> None:
    answer = sign_in(service, EVE | {"email": "MALLORY@example.com"})

    assert signed_in(answer) == mallory.email
    assert User.objects.filter(email__iexact=mallory.email).count() == 1


def test_a_team_that_no_group_speaks_of_stays_as_it_is(
    service: oidc.Service, mallory: User
) -> None:
    sign_in(service, EVE | {"email": mallory.email})

    assert [each.role for each in Membership.objects.filter(user=mallory)] == ["admin"]


def test_the_last_admin_stays(service: oidc.Service, acme: Workspace, alice: User) -> None:
    sign_in(service, EVE | {"email": alice.email, "groups": []})

    assert roles(acme) == {alice.email: "admin"}


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"groups": []}, "none of your groups has a place here"),
        ({"groups": ["ml"], "email_verified": False}, "does not say that your email is verified"),
        *(
            ({"groups": ["ml"], "email_verified": said}, "does not say that your email is verified")
            for said in ("false", "False", "0", "no", 1, ["true"])
        ),
        ({"groups": ["ml"], "email": None}, "does not say that your email is verified"),
    ],
)
def test_who_does_not_come_in(
    claims: dict[str, Any], why: str, service: oidc.Service, acme: Workspace
) -> None:
    before = set(User.objects.values_list("email", flat=True))

    answer = sign_in(service, EVE | claims)

    assert (answer.status_code, signed_in(answer)) == (403, "")
    assert why in answer.content.decode()
    assert set(User.objects.values_list("email", flat=True)) == before


@pytest.mark.parametrize(("said", "who"), [("false", ""), ("true", "alice@example.com")])
def test_an_email_that_is_verified_as_text(
    said: str, who: str, service: oidc.Service, acme: Workspace, alice: User
) -> None:
    answer = sign_in(service, {"sub": "x", "email": alice.email, "email_verified": said})

    assert signed_in(answer) == who
    assert SocialAccount.objects.count() == (1 if who else 0)


def test_an_address_given_anew_does_not_bring_its_account_along(
    service: oidc.Service, acme: Workspace, mallory: User
) -> None:
    sign_in(service, EVE | {"email": mallory.email})

    answer = sign_in(service, EVE | {"sub": "e2", "email": mallory.email, "groups": ["ml"]})

    assert (answer.status_code, signed_in(answer)) == (403, "")
    assert "knows another identity by this email" in answer.content.decode()
    assert [each.uid for each in SocialAccount.objects.all()] == ["e1"]
    assert signed_in(sign_in(service, EVE | {"email": mallory.email})) == mallory.email


def test_an_account_switched_off_stays_so(
    service: oidc.Service, acme: Workspace, otto: User
) -> None:
    User.objects.filter(pk=otto.pk).update(is_active=False)

    answer = sign_in(service, EVE | {"email": otto.email, "groups": ["ml"]})

    assert (answer["Location"], signed_in(answer)) == ("/accounts/inactive/", "")


@pytest.mark.parametrize("case", ["state", "secret", "issuer", "verifier"])
def test_an_answer_that_is_not_for_us(
    case: str, service: oidc.Service, acme: Workspace, settings: Settings
) -> None:
    browser = Client()
    asked = parse_qs(urlsplit(browser.get(LOGIN)["Location"]).query)
    service.claims, service.challenge = EVE | {"groups": ["ml"]}, asked["code_challenge"][0]
    given = {"code": "the-code", "state": asked["state"][0]}
    if case == "state":
        given["state"] = "forged"
    elif case == "secret":
        given["code"] = "another-code"
    elif case == "issuer":
        service.issued_by = "https://evil.example.com"
    else:
        service.challenge = "another"

    answer = browser.get(f"{LOGIN}callback/", given)

    assert signed_in(answer) == ""
    assert User.objects.filter(email="eve@example.com").count() == 0


def test_another_identity_is_not_joined_to_ones_own(
    service: oidc.Service, acme: Workspace, otto: User
) -> None:
    browser = client_of(otto)

    answer = sign_in(service, EVE | {"groups": ["ml"]}, browser)

    assert answer.status_code == 403
    assert signed_in(answer) == otto.email
    assert signed_in(sign_in(service, EVE | {"groups": []})) == ""


def test_the_map() -> None:
    assert grants(["a=b=acme:admin", "ml=x:viewer"]) == [
        Grant("a=b", "acme", Role.ADMIN),
        Grant("ml", "x", Role.VIEWER),
    ]


@pytest.mark.parametrize("entry", ["ml", "ml=acme", "ml=acme:emperor", "=acme:admin", "ml=:admin"])
def test_a_map_that_cannot_be_read(entry: str) -> None:
    with pytest.raises(ValueError, match="is not `group=workspace:role`"):
        grants([entry])
