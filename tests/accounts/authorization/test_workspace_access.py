"""One statement says who asks for which workspace in which role, and lets in nobody else."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.authorization.workspace_access import find_access
from loopsweb.accounts.models import Role, User, Workspace
from tests.personas import login_as


@pytest.fixture
def browser(otto: User) -> Client:
    return login_as(otto)


def test_of_a_member(acme: Workspace, otto: User, browser: Client) -> None:
    session = browser.session
    with CaptureQueriesContext(connection) as captured:
        access = find_access(session, "acme")
        assert access is not None
        assert (access.person, access.workspace, access.role) == (otto, acme, Role.OPERATOR)
        assert (access.workspace.team, access.workspace.version) == (acme.team, acme.version)
    assert len(captured) <= 2  # the session's, where no cache has it


def test_elsewhere(acme: Workspace, mallory: User, browser: Client) -> None:
    own = mallory.teams.get().workspaces.get()
    assert find_access(browser.session, own.slug) is None
    assert find_access(browser.session, "nowhere") is None
    assert browser.get(f"/w/{own.slug}/runs/").status_code == 404


def test_of_a_person_who_left(acme: Workspace, otto: User, browser: Client) -> None:
    acme.team.memberships.get(user=otto).delete()
    assert find_access(browser.session, "acme") is None
    assert browser.get("/w/acme/runs/").status_code == 404


@pytest.mark.parametrize("change", ["deactivated", "new password", "other backend", "signed out"])
def test_of_a_session_that_has_ended(
    acme: Workspace, otto: User, browser: Client, change: str
) -> None:
    session = browser.session
    if change == "deactivated":
        otto.is_active = False
    elif change == "new password":
        otto.set_password("another long one")
    elif change == "other backend":
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    else:
        del session[SESSION_KEY]
    otto.save()
    session.save()
    assert find_access(session, "acme") is None
    page = browser.get("/w/acme/runs/")
    assert (page.status_code, page["Location"].partition("?")[0]) == (302, "/accounts/login/")


def test_of_a_session_whose_secret_was_replaced(
    acme: Workspace, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django accepts the secret before, and renews the session."""
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [settings.SECRET_KEY])
    monkeypatch.setattr(settings, "SECRET_KEY", "x" * 50)
    assert find_access(browser.session, "acme") is None
    assert browser.get("/w/acme/runs/").status_code == 200
