from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.models import Event
from tests.keys.factory import key_of
from tests.personas import client_of

VIEWER = (
    "Your role here is viewer; this needs operator or admin. "
    "An admin of the team can change your role."
)


def test_an_action_tried_on_a_deployment(vic: User, acme: Workspace) -> None:
    path = reverse("deactivations:new", args=[acme.slug, "deployments", "k4q95w5"])

    assert client_of(vic).post(path).status_code == 403

    event = Event.objects.get()
    assert (event.workspace, event.action, event.outcome) == (
        "acme",
        "deployment.deactivate",
        "denied",
    )
    assert (event.person, event.role, event.address) == (vic.email, "viewer", "127.0.0.1")
    assert (event.target_noun, event.target_id, event.reason) == ("deployment", "k4q95w5", VIEWER)
    assert event.answer == {"method": "POST", "path": path}


def test_a_path_without_end_is_told_in_part(vic: User, acme: Workspace) -> None:
    path = reverse("deactivations:new", args=[acme.slug, "deployments", "k" * 5000])

    assert client_of(vic).post(path).status_code == 403

    assert Event.objects.get().answer == {"method": "POST", "path": path[:300]}


def test_a_trail_does_not_grow_as_fast_as_somebody_clicks(
    vic: User, otto: User, acme: Workspace
) -> None:
    path = reverse("runs:create", args=[acme.slug])
    browser = client_of(vic)

    assert {browser.get(path).status_code for _ in range(62)} == {403}

    assert Event.objects.filter(outcome="denied").count() == 60
    otto.memberships.filter(team=acme.team).update(role=Role.VIEWER)
    client_of(otto).get(path)
    newest = Event.objects.first()
    assert newest is not None
    assert (newest.outcome, newest.person) == ("denied", otto.email)


def test_a_page_of_an_action_is_an_attempt_too(vic: User, acme: Workspace) -> None:
    client_of(vic).get(reverse("runs:create", args=[acme.slug]))

    event = Event.objects.get()
    assert (event.action, event.target_id) == ("run.create", "")


def test_managing_a_team_is_told_in_each_of_its_workspaces(otto: User, acme: Workspace) -> None:
    acme.team.workspaces.create(name="Second", slug="second")

    client_of(otto).post(reverse("teams:rename", args=[acme.team_id]), {"name": "Otto's"})

    told = Event.objects.order_by("pk")
    assert [(each.workspace, each.action, each.outcome, each.target_name) for each in told] == [
        ("acme", "team.manage", "denied", "Acme"),
        ("second", "team.manage", "denied", "Acme"),
    ]
    assert len({each.incident for each in told}) == 1


def test_a_key_that_may_no_longer_be_shared(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme)
    otto.memberships.filter(team=acme.team).update(role=Role.VIEWER)

    client_of(otto).post(reverse("keys:share", args=[key.uid]), {"shared": "on"})

    event = Event.objects.get()
    assert (event.workspace, event.action, event.outcome) == ("acme", "key.add", "denied")
    assert (event.role, event.target_id) == ("viewer", str(key.uid))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_a_read_only_site_tells_of_those_alone_whose_role_forbids_it(
    role: str, vic: User, acme: Workspace, settings: Settings
) -> None:
    vic.memberships.filter(team=acme.team).update(role=role)
    settings.LOOPSWEB_READ_ONLY = True

    answer = client_of(vic).get(reverse("runs:create", args=[acme.slug]))

    assert answer.status_code == 403
    assert Event.objects.count() == (1 if role == Role.VIEWER else 0)
