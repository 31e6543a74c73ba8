from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import User
from loopsweb.audit.models import Event
from tests.personas import client_of

HERE, PASSWORD = "/accounts/sessions/", "correct horse battery"


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada@example.com", PASSWORD)


def signed_in(agent: str, *, address: str = "127.0.0.1") -> Client:
    browser = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    browser.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    return browser


def shown(browser: Client) -> list[tuple[str, str, bool]]:
    key = browser.session.session_key
    listed = browser.get(HERE).context["sessions"]
    return [(each.user_agent, each.ip, each.session_key == key) for each in listed]


def test_ones_sessions(ada: User) -> None:
    here, _ = signed_in("Firefox"), signed_in("Safari", address="192.0.2.7")

    assert shown(here) == [("Firefox", "127.0.0.1", True), ("Safari", "192.0.2.7", False)]


def test_ending_one(ada: User) -> None:
    here, there = signed_in("Firefox"), signed_in("Safari", address="192.0.2.7")
    session = UserSession.objects.get(user_agent="Safari")

    here.post(f"{HERE}{session.pk}/end/")

    assert there.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"
    assert shown(here) == [("Firefox", "127.0.0.1", True)]
    event = Event.objects.get(action="session.end")
    assert (event.person, event.answer) == (ada.email, {"sessions": 1})


def test_ending_the_one_in_use_signs_out(ada: User) -> None:
    here = signed_in("Firefox")

    answer = here.post(f"{HERE}{UserSession.objects.get().pk}/end/")

    assert answer["Location"] == "/accounts/login/"
    assert here.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"


def test_ending_all_others(ada: User) -> None:
    here, *others = (signed_in(agent) for agent in ("Firefox", "Safari", "Chrome"))

    answer = here.post(f"{HERE}end-others/", follow=True)

    assert [str(each) for each in answer.context["messages"]] == [
        "2 sessions are ended. You are signed in here alone."
    ]
    assert {each.get("/keys/").status_code for each in others} == {302}
    assert shown(here) == [("Firefox", "127.0.0.1", True)]


def test_anothers_session_is_not_there(ada: User, mallory: User) -> None:
    here = signed_in("Firefox")

    answer = client_of(mallory).post(f"{HERE}{UserSession.objects.get().pk}/end/")

    assert answer.status_code == 404
    assert here.get("/keys/").status_code == 200


def test_a_changed_password_ends_the_others(ada: User) -> None:
    here, there = signed_in("Firefox"), signed_in("Safari")

    given = {"oldpassword": PASSWORD, "password1": "another horse", "password2": "another horse"}
    here.post("/accounts/password/change/", given)

    assert there.get("/keys/").status_code == 302


def test_the_name_of_a_session_changes_with_a_sign_in(ada: User) -> None:
    """Whoever planted a session name in a browser does not share what comes after."""
    browser = Client()
    browser.get("/accounts/login/")
    session = browser.session
    session["planted"] = True
    session.save()
    planted = session.session_key or ""

    browser.cookies["sessionid"] = planted
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})

    assert browser.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/keys/").status_code == 302


def test_last_seen_is_noted_once_a_minute_and_not_by_live_polls(ada: User) -> None:
    here = signed_in("Firefox")
    here.get("/keys/")
    long_ago = timezone.now() - timedelta(hours=1)
    UserSession.objects.update(last_seen_at=long_ago)

    here.get("/keys/")
    assert UserSession.objects.get().last_seen_at == long_ago
    cache.clear()
    here.get("/keys/", headers={"HX-Request": "true"})
    assert UserSession.objects.get().last_seen_at == long_ago
    here.get("/keys/")
    assert timezone.now() - UserSession.objects.get().last_seen_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.9", "127.0.0.1"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "6.6.6.6, 198.51.100.9", "198.51.100.9"),
        (2, "6.6.6.6, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        (2, "198.51.100.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_where_somebody_comes_from_is_as_far_as_it_can_be_trusted(
    proxies: int, forwarded: str, address: str, ada: User, settings: Settings
) -> None:
    settings.PROXIES = proxies

    Client(headers={"X-Forwarded-For": forwarded}).post(
        "/accounts/login/", {"login": ada.email, "password": PASSWORD}
    )

    assert (UserSession.objects.get().ip, Event.objects.get().address) == (address, address)
