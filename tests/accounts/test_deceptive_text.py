"""No account, team or workspace gets an email or a name that passes for another."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import Invitation, Team, User, Workspace
from tests.accounts.invitations.test_invitations import NEW, invite
from tests.accounts.test_admin import PASSWORD, person_form
from tests.personas import create_root, login_as

EMAIL, NAME = "ann@exam\u200bple.com", "Ac\u202eme"
EMAILS = [EMAIL, "ann\u00a0@example.com", "ann\u200d@example.com", "\u212aate@example.com"]
AT_EMAIL = "Character 9 (U+200B, zero width space) cannot be seen."
AT_NAME = "Character 3 (U+202E, right-to-left override) cannot be seen."


def count_rows() -> list[int]:
    return [model.objects.count() for model in (User, Team, Workspace, Invitation)]


@pytest.mark.parametrize("email", EMAILS)
@pytest.mark.parametrize("form", ["invite", "add_member"])
def test_nobody_is_invited_by_a_deceptive_email(
    form: str, email: str, alice: User, acme: Workspace
) -> None:
    before = count_rows()
    path = reverse(f"teams:{form}", args=[acme.team_id])
    answer = login_as(alice).post(path, {"email": email, "role": "viewer"})
    assert (answer.status_code, list(answer.context[form].errors)) == (422, ["email"])
    assert answer.context[form]["email"].value() == email
    assert count_rows() == before


@pytest.mark.parametrize("page", ["teams:create", "teams:rename", "teams:add_workspace"])
def test_a_team_and_a_workspace_have_a_visible_name(
    page: str, alice: User, acme: Workspace
) -> None:
    before = [*count_rows(), acme.team.name]
    path = reverse(page, args=[] if page == "teams:create" else [acme.team_id])
    answer = login_as(alice).post(path, {"name": NAME})
    assert answer.status_code == 422
    assert AT_NAME in answer.content.decode()
    assert [*count_rows(), Team.objects.get(pk=acme.team_id).name] == before


def test_a_new_account_has_a_visible_name(alice: User, acme: Workspace) -> None:
    answer = Client().post(invite(alice, acme), {**NEW, "name": NAME})
    assert answer.status_code == 422
    assert AT_NAME in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "message"), [({"email": EMAIL}, AT_EMAIL), ({"name": NAME}, AT_NAME)]
)
def test_staff_create_and_change_nobody_deceptively(
    given: dict[str, Any], message: str, alice: User
) -> None:
    browser, before = login_as(create_root()), count_rows()
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    eve = User(email="eve@example.com", name="Eve")
    created = browser.post("/admin/accounts/user/add/", person_form(eve, **new) | given)
    path = f"/admin/accounts/user/{alice.pk}/change/"
    changed = browser.post(path, person_form(alice, is_active="on") | given)
    assert [message in answer.content.decode() for answer in (created, changed)] == [True, True]
    assert count_rows() == before
    assert User.objects.filter(email=alice.email, name=alice.name).exists()


@pytest.mark.parametrize("email", EMAILS)
def test_createsuperuser_refuses_a_deceptive_email(
    email: str, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    with pytest.raises(CommandError, match=r"cannot be seen|Before the @"):
        call_command("createsuperuser", "--noinput", email=email, stdout=StringIO())
    assert count_rows() == [0, 0, 0, 0]


def test_no_code_creates_a_person_with_a_deceptive_email(db: None) -> None:
    with pytest.raises(ValidationError):
        User.objects.create_user(EMAIL)
