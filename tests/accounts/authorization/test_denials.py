from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.models import Event
from tests.keys.factory import create_key
from tests.personas import login_as

VIEWER = (
    "This requires the operator or admin role. Your role is viewer; a team admin can change it."
)


def test_an_attempt_on_a_deployment_is_recorded(vic: User, acme: Workspace) -> None:
    path = reverse("deactivations:new", args=[acme.slug, "deployments", "k4q95w5"])

    assert login_as(vic).post(path).status_code == 403

    event = Event.objects.get()
    assert (event.workspace, event.action, event.outcome) == (
        "acme",
        "deployment.deactivate",
        "denied",
    )
    assert (event.person, event.role, event.address) == (vic.email, "viewer", "127.0.0.1")
    assert (event.target_noun, event.target_id, event.reason) == ("deployment", "k4q95w5", VIEWER)
    assert event.answer == {"method": "POST", "path": path}


def test_long_paths_are_truncated(vic: User, acme: Workspace) -> None:
    path = reverse("deactivations:new", args=[acme.slug, "deployments", "k" * 5000])

    assert login_as(vic).post(path).status_code == 403

    assert Event.objects.get().answer == {"method": "POST", "path": path[:300]}


def test_events_are_rate_limited_per_person(vic: User, otto: User, acme: Workspace) -> None:
    path = reverse("runs:create", args=[acme.slug])
    browser = login_as(vic)

    assert {browser.post(path).status_code for _ in range(62)} == {403}

    assert Event.objects.filter(outcome="denied").count() == 60
    otto.memberships.filter(team=acme.team).update(role=Role.VIEWER)
    login_as(otto).post(path)
    newest = Event.objects.first()
    assert newest is not None
    assert (newest.outcome, newest.person) == ("denied", otto.email)


def test_opening_the_page_of_an_action_is_no_attempt(vic: User, acme: Workspace) -> None:
    browser, path = login_as(vic), reverse("runs:create", args=[acme.slug])

    assert (browser.get(path).status_code, browser.head(path).status_code) == (403, 403)
    assert Event.objects.count() == 0

    browser.post(path)
    event = Event.objects.get()
    assert (event.action, event.target_id) == ("run.create", "")


def test_an_attempt_on_a_team_is_recorded_in_each_workspace(otto: User, acme: Workspace) -> None:
    acme.team.workspaces.create(name="Second", slug="second")

    login_as(otto).post(reverse("teams:rename", args=[acme.team_id]), {"name": "Otto's"})

    events = Event.objects.order_by("pk")
    assert [(each.workspace, each.action, each.outcome, each.target_name) for each in events] == [
        ("acme", "team.manage", "denied", "Acme"),
        ("second", "team.manage", "denied", "Acme"),
    ]
    assert len({each.incident for each in events}) == 1


def test_an_attempt_to_share_a_key_is_recorded(otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme)
    otto.memberships.filter(team=acme.team).update(role=Role.VIEWER)

    login_as(otto).post(reverse("keys:share", args=[key.uid]), {"shared": "on"})

    event = Event.objects.get()
    assert (event.workspace, event.action, event.outcome) == ("acme", "key.add", "denied")
    assert (event.role, event.target_id) == ("viewer", str(key.uid))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_read_only_mode_denies_everybody_and_records_nothing(
    role: str, vic: User, acme: Workspace, settings: Settings
) -> None:
    vic.memberships.filter(team=acme.team).update(role=role)
    settings.LOOPSWEB_READ_ONLY = True

    assert login_as(vic).post(reverse("runs:create", args=[acme.slug])).status_code == 403
    assert Event.objects.count() == 0
