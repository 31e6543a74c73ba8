from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from tests.personas import create_root, login_as, make_staff

PATH = "/admin/usersessions/usersession/"


def open_session(person: User) -> tuple[Client, UserSession]:
    browser = login_as(person)
    browser.get("/keys/")
    return browser, UserSession.objects.get(user=person)


@pytest.mark.parametrize("button", ["one", "selected"])
def test_ending_a_session_there_signs_the_person_out(
    button: str, otto: User, acme: Workspace
) -> None:
    staff = login_as(create_root())
    browser, session = open_session(otto)
    selected = {"action": "delete_selected", "_selected_action": session.pk, "post": "yes"}
    one = (f"{PATH}{session.pk}/delete/", {"post": "yes"})

    staff.post(*(one if button == "one" else (PATH, selected)))

    assert browser.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"
    events = Event.objects.filter(action="session.end").order_by("workspace")
    assert [(each.workspace, each.person, each.role, each.target_owner) for each in events] == [
        (slug, "root@example.com", "staff", otto.email) for slug in ("acme", "otto")
    ]


def test_no_page_shows_a_session_key(otto: User) -> None:
    staff = login_as(create_root())
    _, session = open_session(otto)

    pages = [staff.get(f"{PATH}{page}") for page in ("", f"{session.pk}/change/")]
    pages.append(staff.get(f"{PATH}{session.pk}/delete/"))

    assert {page.status_code for page in pages} == {200}
    assert all(session.session_key not in page.content.decode() for page in pages)


def test_sessions_that_have_ended_are_not_listed(otto: User, vic: User) -> None:
    staff = login_as(create_root())
    _, live = open_session(otto)
    _, over = open_session(vic)
    Session.objects.filter(session_key=over.session_key).update(expire_date=timezone.now())

    listed = staff.get(PATH).context["cl"].result_list

    assert live in listed
    assert over not in listed


def test_only_superusers_end_sessions_of_staff(otto: User) -> None:
    staff = login_as(make_staff(otto, "view_usersession", "delete_usersession"))
    browser, session = open_session(create_root())

    assert staff.post(f"{PATH}{session.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get("/keys/").status_code == 200
