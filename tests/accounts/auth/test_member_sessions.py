from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from tests.personas import login_as


def open_session(person: User, agent: str = "Firefox") -> tuple[Client, UserSession]:
    browser = login_as(person)
    browser.get("/keys/", headers={"User-Agent": agent})
    return browser, UserSession.objects.get(session_key=browser.session.session_key)


def test_an_admin_ends_the_session_of_a_member(alice: User, otto: User, acme: Workspace) -> None:
    admin, (browser, session) = login_as(alice), open_session(otto)

    admin.post(reverse("teams:end_session", args=[acme.team_id, session.pk]))

    assert browser.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"
    [event] = Event.objects.filter(action="session.end")
    assert (event.workspace, event.person, event.role) == ("acme", alice.email, "admin")
    assert (event.target_owner, event.answer) == (otto.email, {"sessions": 1})


def test_live_sessions_of_members_are_listed_without_keys(
    alice: User, otto: User, vic: User, mallory: User, acme: Workspace
) -> None:
    _, live = open_session(otto)
    _, over = open_session(vic)
    Session.objects.filter(session_key=over.session_key).update(expire_date=timezone.now())
    _, foreign = open_session(mallory)

    page = login_as(alice).get(reverse("teams:sessions", args=[acme.team_id]))

    assert [each.user for each in page.context["sessions"]] == [otto]
    assert live.session_key not in page.content.decode()
    path = reverse("teams:end_session", args=[acme.team_id, foreign.pk])
    assert login_as(alice).post(path).status_code == 404


def test_the_page_makes_the_same_queries_for_any_number_of_sessions(
    alice: User, otto: User, acme: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        open_session(otto, f"Browser {number}")
    admin = login_as(alice)
    admin.get("/keys/")

    with django_assert_num_queries(4):
        admin.get(reverse("teams:sessions", args=[acme.team_id]))
