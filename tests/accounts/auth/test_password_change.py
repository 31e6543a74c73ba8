from __future__ import annotations

from django.test import Client

from loopsweb.accounts.models import User
from loopsweb.audit.models import Event
from tests.personas import login_as

PASSWORD = "correct horse battery"
NEW = "correct horse battery"


def test_changing_the_password(ada: User) -> None:
    browser = login_as(ada)
    form = browser.get("/accounts/password/change/").context["form"]
    assert [field.label for field in form] == [
        "Current password",
        "New password",
        "New password again",
    ]

    wrong = browser.post(
        "/accounts/password/change/",
        {"oldpassword": "wrong", "password1": "another horse", "password2": "another horse"},
    )
    assert list(wrong.context["form"].errors) == ["oldpassword"]

    browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another horse", "password2": "another horse"},
    )
    ada.refresh_from_db()
    assert ada.check_password("another horse")


def test_a_password_change_is_recorded(alice: User) -> None:
    alice.set_password("an older horse battery")
    alice.save()
    browser = Client()
    browser.post("/accounts/login/", {"login": alice.email, "password": "an older horse battery"})
    sent = {"oldpassword": "an older horse battery", "password1": NEW, "password2": NEW}

    browser.post("/accounts/password/change/", sent)

    assert User.objects.get(pk=alice.pk).check_password(NEW)
    event = Event.objects.get(action="person.password")
    assert (event.person, event.role, event.answer) == (
        alice.email,
        "admin",
        {"password": "changed"},
    )
