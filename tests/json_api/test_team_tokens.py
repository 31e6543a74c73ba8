from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor
from loopsweb.json_api.models import AccessToken
from loopsweb.json_api.tokens import actions
from tests.personas import login_as


def create_token(person: User, workspace: Workspace, name: str) -> AccessToken:
    by = Actor(workspace=workspace.slug, person=person.email, role="", address="", request_id="")
    now = timezone.now()
    return actions.create(
        person=person, workspace=workspace, name=name, days=7, by=by, now=now
    ).token


@pytest.fixture
def token(otto: User, acme: Workspace) -> AccessToken:
    return create_token(otto, acme, "nightly")


def test_an_admin_revokes_the_token_of_a_member(
    alice: User, token: AccessToken, acme: Workspace
) -> None:
    path = reverse("team_tokens:revoke", args=[acme.team_id, token.pk])
    login_as(alice).post(path)

    assert not AccessToken.objects.valid(timezone.now()).exists()
    event = Event.objects.get(action="token.revoke")
    assert (event.workspace, event.person, event.role) == ("acme", alice.email, "admin")
    assert (event.target_owner, event.target_name) == (token.person.email, str(token))


def test_valid_tokens_of_the_team_are_listed(
    alice: User, otto: User, token: AccessToken, acme: Workspace
) -> None:
    own = create_token(otto, otto.teams.exclude(pk=acme.team_id).get().workspaces.get(), "own")
    expired = create_token(otto, acme, "expired")
    AccessToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(days=1))
    admin = login_as(alice)

    page = admin.get(reverse("team_tokens:list", args=[acme.team_id]))

    assert list(page.context["tokens"]) == [token]
    path = reverse("team_tokens:revoke", args=[acme.team_id, own.pk])
    assert admin.post(path).status_code == 404
