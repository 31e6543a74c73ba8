"""Every URL is requested by everyone; the outcome follows from its view's permission."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.authorization.decorators import PUBLIC, SIGNED_IN, SIGNED_LINK
from loopsweb.accounts.authorization.middleware import DenyByDefaultMiddleware
from loopsweb.accounts.authorization.roles import ROLE_PERMISSIONS, Permission
from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.simulator import Simulator
from tests.personas import create_root, login_as
from tests.requested import (
    ALLOWED,
    NOT_FOUND,
    REFUSED,
    SIGN_IN,
    find_differences,
    request_outcome,
    undo_afterwards,
)
from tests.routes import ALL, EXAMPLES, OURS, Route, get_pattern_id
from tests.sample_data import SampleData, create_sample_data

CHANGES = ["POST", "PUT", "DELETE"]
METHODS = ["GET", "HEAD", *CHANGES]

# Routes that anyone may open.
FOR_ANYONE = {
    "healthz",
    "readyz",
    "metrics",
    "accounts/email/",
    "accounts/confirm-email/",
    "accounts/confirm-email/<str:key>/",
    "accounts/invitations/<str:token>/",
    "api/v1/openapi.json",
}
CLOSED = {each for each in FOR_ANYONE if "email/" in each}
# These check access themselves: by sign-in flows and by is_staff.
SELF_GUARDED = ("accounts/", "admin/")


def test_every_route_names_a_permission() -> None:
    nameless = [
        route.pattern
        for route in ALL
        if not route.permission and not route.pattern.startswith(SELF_GUARDED)
    ]
    unknown = {route.permission for route in OURS} - {*Permission, SIGNED_IN, SIGNED_LINK, PUBLIC}

    assert (nameless, unknown) == ([], set())


def test_public_routes_are_listed() -> None:
    assert {route.pattern for route in OURS if route.permission == PUBLIC} == FOR_ANYONE


@pytest.mark.parametrize("route", OURS, ids=get_pattern_id)
def test_every_url_argument_has_an_example(route: Route) -> None:
    missing = [name for name in route.names if name not in EXAMPLES]

    assert missing == [], (
        f"{route.pattern} has the parts {missing}. Add an example of each to EXAMPLES in "
        "tests/routes.py, of something that belongs to the workspace acme or to alice."
    )


@pytest.mark.parametrize("route", OURS, ids=get_pattern_id)
def test_workspace_and_team_pages_check_the_role(route: Route) -> None:
    of_a_team = route.pattern.startswith("w/") or "team" in route.names

    assert of_a_team == (route.permission in set(Permission))
    assert route.pattern.startswith("w/<slug:workspace>/") == ("workspace" in route.names)


@pytest.mark.parametrize("route", OURS, ids=get_pattern_id)
def test_no_view_is_csrf_exempt(route: Route) -> None:
    assert getattr(route.view, "csrf_exempt", False) is False


@pytest.fixture
def samples(alice: User, otto: User, vic: User, acme: Workspace, now: datetime) -> SampleData:
    return create_sample_data(alice, otto, acme, now)


@pytest.fixture
def people(
    alice: User, otto: User, vic: User, mallory: User, samples: SampleData
) -> dict[str, tuple[Client, str]]:
    """Everyone's browser and role in acme."""
    root = create_root()
    return {
        "anonymous": (Client(), ""),
        "alice": (login_as(alice), Role.ADMIN),
        "otto": (login_as(otto), Role.OPERATOR),
        "vic": (login_as(vic), Role.VIEWER),
        "mallory": (login_as(mallory), ""),
        "root": (login_as(root), ""),
    }


DEMO_ONLY = {"styleguide/"}
# The example is a view of the team, which viewers see and do not change.
OF_THE_TEAM = {
    f"w/<slug:workspace>/lists/<slug:listed>/views/<int:view>/{each}/"
    for each in ("name", "deletion")
}


def expected_outcome(route: Route, name: str, role: str) -> str:
    """The status that the permission table gives this person on this route."""
    if route.permission == PUBLIC:
        return ALLOWED
    if route.permission == SIGNED_LINK:
        return REFUSED  # the example is signed by nobody
    if name == "anonymous":
        return SIGN_IN
    if route.permission == SIGNED_IN:
        is_alices = {"uid", "session", "token", "offer"} & {*route.names} and name != "alice"
        return NOT_FOUND if is_alices or route.pattern in DEMO_ONLY else ALLOWED
    if not role:
        return NOT_FOUND
    return ALLOWED if route.permission in ROLE_PERMISSIONS[role] else REFUSED


def test_access_by_permission(
    samples: SampleData, people: dict[str, tuple[Client, str]], loops: Simulator
) -> None:
    outcomes, expected = {}, {}
    for route in OURS:
        with undo_afterwards():
            for name, method in product(people, METHODS):
                browser, role = people[name]
                case = (route.pattern, name, method)
                is_teams = route.pattern in OF_THE_TEAM and (role, method) == (Role.VIEWER, "POST")
                if route.pattern in CLOSED or is_teams:
                    expected[case] = REFUSED
                else:
                    expected[case] = expected_outcome(route, name, role)
                outcomes[case] = request_outcome(browser, method, route.url(samples))
    assert find_differences(outcomes, expected) == {}


def test_a_viewer_changes_nothing_and_denials_are_recorded(
    samples: SampleData, people: dict[str, tuple[Client, str]], loops: Simulator
) -> None:
    recorded, expected = {}, {}
    for route in OURS:
        if "workspace" in route.names:
            with undo_afterwards():
                recorded[route.pattern] = list_changes_of_a_viewer(route, samples, people["vic"][0])
            is_denied = route.permission not in ROLE_PERMISSIONS[Role.VIEWER]
            expected[route.pattern] = [
                ("denied", "vic@example.com", {"method": method, "path": route.path(samples)})
                for method in CHANGES
                if is_denied or (route.pattern in OF_THE_TEAM and method == "POST")
            ]
    assert find_differences(recorded, expected) == {}
    assert len(expected) > 1
    assert [each.method for each in loops.requests if each.method != "GET"] == []


def list_changes_of_a_viewer(route: Route, samples: SampleData, browser: Client) -> list[Any]:
    """The events of each method that could change something, but for exports."""
    before = Event.objects.count()
    for method in CHANGES:
        browser.generic(method, route.url(samples))
    events = Event.objects.order_by("pk")[before:]
    return [
        (each.outcome, each.person, each.answer)
        for each in events
        if each.action not in {"audit.export", "list.export", "deployment.export_metrics"}
    ]


def test_denials_of_outsiders_are_not_recorded(
    samples: SampleData, people: dict[str, tuple[Client, str]]
) -> None:
    before = Event.objects.count()
    recorded = {}
    for route in OURS:
        if route.permission in set(Permission):
            with undo_afterwards():
                for name in ("anonymous", "mallory", "root"):
                    people[name][0].post(route.url(samples))
                recorded[route.pattern] = Event.objects.count() - before
    assert {pattern: number for pattern, number in recorded.items() if number} == {}
    assert len(recorded) > 1


def test_a_form_without_its_token_is_refused(
    samples: SampleData, alice: User, loops: Simulator
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    accepted = {}
    for route in OURS:
        with undo_afterwards():
            accepted[route.pattern] = browser.post(route.url(samples)).status_code
    assert {pattern: status for pattern, status in accepted.items() if status != 403} == {}


def test_an_unknown_workspace_is_not_found(samples: SampleData, alice: User) -> None:
    browser, found = login_as(alice), {}
    for route in OURS:
        if "workspace" in route.names:
            url = route.url(samples).replace(f"/{samples.workspace.slug}/", "/nowhere/", 1)
            with undo_afterwards():
                found[route.pattern] = browser.get(url).status_code
    assert set(found.values()) == {404}, found


@pytest.mark.parametrize(
    "path",
    ["/admin/keys/key/1/", "/admin/keys/key/1/change/", "/admin/accounts/user/1/password/"],
)
def test_the_admin_needs_staff(path: str, people: dict[str, tuple[Client, str]]) -> None:
    outsiders = {name: browser for name, (browser, _) in people.items() if name != "root"}

    outcomes = {
        name: browser.get(path, follow=True).redirect_chain[-1][0].partition("?")[0]
        if name == "anonymous"
        else browser.get(path, follow=True).status_code
        for name, browser in outsiders.items()
    }

    assert outcomes == {"anonymous": "/accounts/login/"} | dict.fromkeys(
        ["alice", "otto", "vic", "mallory"], 403
    )


OTHERS = [each for each in ALL if each not in OURS and re.fullmatch(r"[\w./-]*", each.pattern)]


def test_pages_of_libraries_and_of_scripts_write_nothing_when_opened(
    samples: SampleData, people: dict[str, tuple[Client, str]]
) -> None:
    for route in OTHERS:
        with undo_afterwards():
            for browser, _ in people.values():
                for method in ("GET", "HEAD"):
                    request_outcome(browser, method, route.url(samples))
    assert len(OTHERS) > 1


def test_a_list_is_no_export_when_it_is_opened(
    samples: SampleData, people: dict[str, tuple[Client, str]]
) -> None:
    for name in ("runs:list", "dashboard:audit"):
        url = reverse(name, args=[samples.workspace.slug], query={"format": "csv"})
        assert request_outcome(people["vic"][0], "GET", url) == ALLOWED


def test_a_view_without_permission_is_refused(settings: Settings) -> None:
    def forgotten(request: object) -> HttpResponse:
        raise AssertionError("this view must not run")

    middleware = DenyByDefaultMiddleware(lambda _: HttpResponse())

    with pytest.raises(ImproperlyConfigured, match="forgotten names no permission"):
        middleware.process_view(RequestFactory().get("/"), forgotten, (), {})
