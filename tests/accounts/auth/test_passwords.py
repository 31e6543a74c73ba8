from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import Membership, Role, User, Workspace


@pytest.fixture
def person(ada: User, acme: Workspace, settings: Settings) -> User:
    settings.LOOPSWEB_URL = "https://gpu.example.org"
    acme.team.name = "Foundation Models"
    acme.team.save()
    acme.name = "Évaluation Straße"
    acme.save()
    Membership.objects.create(team=acme.team, user=ada, role=Role.VIEWER)
    return ada


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("loopsweb", "loopsweb"),
        ("Loopsweb1", "loopsweb"),
        ("2026-baseten", "baseten"),
        ("foundation!1", "foundation"),
        ("Models-2026", "models"),
        ("adaexample1", "example"),
        ("gpu-example-org", "gpu.example.org"),
        ("b.a.s.e.t.e.n", "baseten"),
        ("Loops Web 12", "loopsweb"),
        ("\uff4c\uff4f\uff4f\uff50\uff53\uff57\uff45\uff4212", "loopsweb"),  # fullwidth
        ("l\u043e\u043epsweb12", "loopsweb"),  # Cyrillic
        ("l\u03bf\u03bfpsw\u0435b", "loopsweb"),  # Greek and Cyrillic
        ("B\u0410\u0405\u0395TEN26", "baseten"),  # in capitals
        ("evaluation1", "évaluation"),
        ("E\u0301valuation2", "évaluation"),
        ("STRASSE-2026", "straße"),
    ],
)
def test_what_anyone_can_guess_does_not_count(password: str, word: str, person: User) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, person)

    assert f"“{word}”" in " ".join(refused.value.messages)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "loopsweb by the sea",
        "m0dels-of-1874x",
        "complete1",
        "long enough " * 8,
    ],
)
def test_words_beside_enough_else_are_fine(password: str, person: User) -> None:
    validate_password(password, person)


def test_common_passwords_are_refused_at_the_field(ada: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": "correct horse battery"})
    form = {"oldpassword": "correct horse battery"}

    errors = [
        browser.post("/accounts/password/change/", {**form, "password1": each, "password2": each})
        .context["form"]
        .errors
        for each in ("password123", "loopsweb1")
    ]

    assert [list(each) for each in errors] == [["password1"], ["password1"]]
