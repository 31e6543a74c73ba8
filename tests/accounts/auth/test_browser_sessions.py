from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client

from loopsweb.accounts.models import User
from loopsweb.audit.models import Event
from tests.personas import create_root, login_as

SESSIONS, PASSWORD = "/accounts/sessions/", "correct horse battery"


def sign_in(agent: str, *, address: str = "127.0.0.1") -> Client:
    browser = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    browser.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    return browser


def list_sessions(browser: Client) -> list[tuple[str, str, bool]]:
    key = browser.session.session_key
    listed = browser.get(SESSIONS).context["sessions"]
    return [(each.user_agent, each.ip, each.session_key == key) for each in listed]


def test_the_current_session_is_listed_first(ada: User) -> None:
    current, _ = sign_in("Firefox"), sign_in("Safari", address="192.0.2.7")

    assert list_sessions(current) == [
        ("Firefox", "127.0.0.1", True),
        ("Safari", "192.0.2.7", False),
    ]


def test_the_page_shows_no_session_key(ada: User) -> None:
    current, _ = sign_in("Firefox"), sign_in("Safari")
    keys = list(UserSession.objects.values_list("session_key", flat=True))

    page = current.get(SESSIONS).content.decode()

    assert [key in page for key in keys] == [False, False]


def test_ending_a_session(ada: User) -> None:
    current, other = sign_in("Firefox"), sign_in("Safari", address="192.0.2.7")
    session = UserSession.objects.get(user_agent="Safari")

    current.post(f"{SESSIONS}{session.pk}/end/")

    assert other.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"
    assert list_sessions(current) == [("Firefox", "127.0.0.1", True)]
    event = Event.objects.get(action="session.end")
    assert (event.person, event.answer) == (ada.email, {"sessions": 1})


def test_ending_the_current_session_signs_out(ada: User) -> None:
    current = sign_in("Firefox")

    response = current.post(f"{SESSIONS}{UserSession.objects.get().pk}/end/")

    assert response["Location"] == "/accounts/login/"
    assert current.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"


def test_ending_all_other_sessions(ada: User) -> None:
    current, *others = (sign_in(agent) for agent in ("Firefox", "Safari", "Chrome"))

    response = current.post(f"{SESSIONS}end-others/", follow=True)

    assert [str(each) for each in response.context["messages"]] == [
        "Ended 2 sessions. You are now signed in on this browser only."
    ]
    assert {each.get("/keys/").status_code for each in others} == {302}
    assert list_sessions(current) == [("Firefox", "127.0.0.1", True)]


def test_sessions_of_other_people_are_not_found(ada: User, mallory: User) -> None:
    current = sign_in("Firefox")

    response = login_as(mallory).post(f"{SESSIONS}{UserSession.objects.get().pk}/end/")

    assert response.status_code == 404
    assert current.get("/keys/").status_code == 200


def test_changing_the_password_ends_other_sessions(ada: User) -> None:
    current, other = sign_in("Firefox"), sign_in("Safari")

    form = {"oldpassword": PASSWORD, "password1": "another horse", "password2": "another horse"}
    current.post("/accounts/password/change/", form)

    assert other.get("/keys/").status_code == 302
    assert [each.user_agent for each in UserSession.objects.all()] == ["Firefox"]


def test_a_password_set_by_staff_ends_all_sessions(ada: User) -> None:
    current, new = sign_in("Firefox"), "another horse battery"
    form = {"usable_password": "true", "password1": new, "password2": new}

    login_as(create_root()).post(f"/admin/accounts/user/{ada.pk}/password/", form)

    assert current.get("/keys/").status_code == 302
    assert not UserSession.objects.filter(user=ada).exists()


def test_sign_in_changes_the_session_key(ada: User) -> None:
    """Somebody who planted a session key in a browser must not share the session after sign-in."""
    browser = Client()
    browser.get("/accounts/login/")
    session = browser.session
    session["planted"] = True
    session.save()
    planted = session.session_key or ""

    browser.cookies[settings.SESSION_COOKIE_NAME] = planted
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})

    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert thief.get("/keys/").status_code == 302
