"""Every URL, asked by everybody: what each gets follows from the permission that its view names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.authorization.decorators import ACCESS_TOKEN, PUBLIC, SIGNED_IN
from loopsweb.accounts.authorization.middleware import DenyByDefaultMiddleware
from loopsweb.accounts.authorization.roles import ROLE_PERMISSIONS, Permission
from loopsweb.accounts.invitations.actions import invite
from loopsweb.accounts.models import Invitation, Role, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor, record
from loopsweb.json_api.models import AccessToken
from loopsweb.json_api.tokens.actions import make
from loopsweb.keys.models import Key
from loopsweb.resources.models import Batch, Deactivation
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.simulator import Simulator
from tests.keys.factory import key_of
from tests.personas import client_of

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
SIGN_IN, REFUSED, NOT_THERE, IN = "sign in", "403", "404", "in"
REMOTE_ID = "k4q95w5"

# Routes that anyone may open.
FOR_ANYONE = {
    "healthz",
    "readyz",
    "accounts/email/",
    "accounts/confirm-email/",
    "accounts/confirm-email/<str:key>/",
    "accounts/invitations/<str:token>/",
    "api/v1/openapi.json",
}
CLOSED = {each for each in FOR_ANYONE if "email/" in each}
# Who guards their own views: the first by sign-in flows, the second by is_staff.
GUARDED_BY_THEMSELVES = ("accounts/", "admin/")

Examples = dict[str, Callable[["House"], Any]]


@dataclass(frozen=True)
class House:
    """What the example in a URL may be taken from. The key is alice's."""

    workspace: Workspace
    key: Key
    event: Event
    invitation: Invitation
    offer: Invitation
    session: UserSession
    token: AccessToken
    asked: Deactivation


EXAMPLES: Examples = {
    "workspace": lambda house: house.workspace.slug,
    "team": lambda house: house.workspace.team_id,
    "member": lambda house: house.workspace.team.memberships.get(role=Role.VIEWER).pk,
    "uid": lambda house: house.key.uid,
    "remote_id": lambda _: REMOTE_ID,
    "kind": lambda _: "deployments",
    "incident": lambda house: house.asked.incident,
    "batch": lambda house: house.asked.batch and house.asked.batch.uid,
    "sequence": lambda house: house.event.sequence,
    "key": lambda _: "abc",
    "token": lambda house: house.token.pk,
    "invitation": lambda house: house.invitation.pk,
    "offer": lambda house: house.offer.pk,
    "session": lambda house: house.session.pk,
}


@dataclass(frozen=True)
class Route:
    pattern: str
    view: Callable[..., Any] = field(repr=False)

    @property
    def names(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.pattern)

    @property
    def permission(self) -> str:
        return getattr(self.view, "permission", "")

    def url(self, house: House) -> str:
        def example(found: re.Match[str]) -> str:
            return quote(str(EXAMPLES[found[1]](house)))

        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", example, self.pattern)

    def path(self, house: House) -> str:
        """As the request has it."""
        return unquote(self.url(house))


def routes(resolver: URLResolver, before: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(here, pattern.callback)
        else:
            yield from routes(pattern, here)


ALL = list(routes(get_resolver()))
OURS = [
    route for route in ALL if getattr(route.view, "permission", ACCESS_TOKEN) != ACCESS_TOKEN
]  # tests/json_api asks who gets in by a token


def by_pattern(route: Route) -> str:
    return route.pattern or "/"


def test_every_route_names_a_permission() -> None:
    nameless = [
        route.pattern
        for route in ALL
        if not route.permission and not route.pattern.startswith(GUARDED_BY_THEMSELVES)
    ]
    unknown = {route.permission for route in OURS} - {*Permission, SIGNED_IN, PUBLIC}

    assert (nameless, unknown) == ([], set())


def test_what_is_public_is_listed() -> None:
    assert {route.pattern for route in OURS if route.permission == PUBLIC} == FOR_ANYONE


@pytest.mark.parametrize("route", OURS, ids=by_pattern)
def test_every_part_of_a_url_has_an_example(route: Route) -> None:
    missing = [name for name in route.names if name not in EXAMPLES]

    assert missing == [], (
        f"{route.pattern} has the parts {missing}. Add an example of each to EXAMPLES in "
        "tests/test_permissions.py, of something that belongs to the workspace acme or to alice."
    )


@pytest.mark.parametrize("route", OURS, ids=by_pattern)
def test_a_page_of_a_workspace_or_a_team_asks_for_the_role(route: Route) -> None:
    of_a_team = route.pattern.startswith("w/") or "team" in route.names

    assert of_a_team == (route.permission in set(Permission))
    assert route.pattern.startswith("w/<slug:workspace>/") == ("workspace" in route.names)


@pytest.mark.parametrize("route", OURS, ids=by_pattern)
def test_no_page_waives_the_protection_of_its_forms(route: Route) -> None:
    assert getattr(route.view, "csrf_exempt", False) is False


@pytest.fixture
def house(alice: User, otto: User, vic: User, acme: Workspace, now: Any) -> House:
    """One of everything in acme, under the one remote id of the examples."""
    for model in apps.get_app_config("resources").get_models():
        if issubclass(model, Snapshot):
            model.objects.create(
                workspace=acme, remote_id=REMOTE_ID, first_seen_at=now, changed_at=now
            )
    batch = Batch.objects.create(workspace=acme, noun="deployment", requested_at=now)
    incident = record(
        workspace=acme.slug, action="deployment.deactivate", outcome="requested", now=now
    ).incident
    nobody = Actor(workspace="", person="", role="", address="", request_id="")
    return House(
        workspace=acme,
        key=key_of(alice, acme),
        asked=Deactivation.objects.create(
            workspace=acme,
            noun="deployment",
            target_remote_id=REMOTE_ID,
            state="waiting",
            batch=batch,
            incident=incident,
            requested_at=now,
            expires_at=now,
            state_since=now,
            ask_at=now,
        ),
        session=UserSession.objects.create(user=alice, ip="127.0.0.1", session_key="alices"),
        token=make(
            person=alice, workspace=acme, name="script", days=7, by=nobody, now=timezone.now()
        ).token,
        invitation=invite(
            team=acme.team,
            email="eve@example.com",
            role=Role.VIEWER,
            by={**nobody, "person": alice.email},
            now=timezone.now(),
        ).invitation,
        offer=invite(
            team=otto.teams.exclude(pk=acme.team_id).get(),
            email=alice.email,
            role=Role.VIEWER,
            by={**nobody, "person": otto.email},
            now=timezone.now(),
        ).invitation,
        event=record(workspace=acme.slug, action="test", outcome="observed", now=now),
    )


@pytest.fixture
def people(
    alice: User, otto: User, vic: User, mallory: User, house: House
) -> dict[str, tuple[Client, str]]:
    """Everybody's browser, and the role they have in acme."""
    root = User.objects.create_superuser("root@example.com")
    return {
        "anonymous": (Client(), ""),
        "alice": (client_of(alice), Role.ADMIN),
        "otto": (client_of(otto), Role.OPERATOR),
        "vic": (client_of(vic), Role.VIEWER),
        "mallory": (client_of(mallory), ""),
        "root": (client_of(root), ""),
    }


def due(route: Route, name: str, role: str) -> str:
    """What this person is to meet on this route, by the table of permissions alone."""
    if route.permission == PUBLIC:
        return IN
    if name == "anonymous":
        return SIGN_IN
    if route.permission == SIGNED_IN:
        is_alices = {"uid", "session", "token", "offer"} & {*route.names}
        return NOT_THERE if is_alices and name != "alice" else IN
    if not role:
        return NOT_THERE
    return IN if route.permission in ROLE_PERMISSIONS[role] else REFUSED


def met(browser: Client, method: str, url: str) -> str:
    with transaction.atomic():
        answer = browser.generic(method, url)
        transaction.set_rollback(True)
    if answer.get("Location", "").startswith("/accounts/login/"):
        return SIGN_IN
    return {403: REFUSED, 404: NOT_THERE}.get(answer.status_code, IN)


@pytest.mark.parametrize("route", OURS, ids=by_pattern)
def test_who_gets_in(
    route: Route, house: House, people: dict[str, tuple[Client, str]], loops: Simulator
) -> None:
    url = route.url(house)
    if route.pattern in CLOSED:
        assert {met(browser, "GET", url) for browser, _ in people.values()} == {REFUSED}
        return

    outcomes = {
        (name, method): met(browser, method, url)
        for name, (browser, _) in people.items()
        for method in METHODS
    }

    assert outcomes == {
        (name, method): due(route, name, role)
        for name, (_, role) in people.items()
        for method in METHODS
    }


@pytest.mark.parametrize(
    "route", [each for each in OURS if "workspace" in each.names], ids=by_pattern
)
def test_a_viewer_changes_nothing_and_what_was_denied_is_told(
    route: Route, house: House, people: dict[str, tuple[Client, str]], loops: Simulator
) -> None:
    browser, _ = people["vic"]
    before = Event.objects.count()
    methods = ("POST", "PUT", "DELETE")

    for method in methods:
        browser.generic(method, route.url(house))

    told = [each for each in Event.objects.order_by("pk")[before:] if each.action != "audit.export"]
    is_denied = route.permission not in ROLE_PERMISSIONS[Role.VIEWER]
    assert [(each.outcome, each.person, each.answer) for each in told] == [
        ("denied", "vic@example.com", {"method": method, "path": route.path(house)})
        for method in methods
        if is_denied
    ]
    assert [each.method for each in loops.requests if each.method != "GET"] == []


@pytest.mark.parametrize(
    "route", [each for each in OURS if each.permission in set(Permission)], ids=by_pattern
)
def test_what_an_outsider_tries_is_not_told(
    route: Route, house: House, people: dict[str, tuple[Client, str]]
) -> None:
    before = Event.objects.count()

    for name in ("anonymous", "mallory", "root"):
        people[name][0].post(route.url(house))

    assert Event.objects.count() == before


@pytest.mark.parametrize("route", OURS, ids=by_pattern)
def test_a_form_without_its_token_is_refused(
    route: Route, house: House, alice: User, loops: Simulator
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert browser.post(route.url(house)).status_code == 403


@pytest.mark.parametrize(
    "route", [each for each in OURS if "workspace" in each.names], ids=by_pattern
)
def test_a_workspace_that_does_not_exist_is_not_there(
    route: Route, house: House, alice: User
) -> None:
    url = route.url(house).replace(f"/{house.workspace.slug}/", "/nowhere/", 1)

    assert client_of(alice).get(url).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/admin/keys/key/1/", "/admin/keys/key/1/change/", "/admin/accounts/user/1/password/"],
)
def test_the_admin_guards_itself(path: str, people: dict[str, tuple[Client, str]]) -> None:
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


def test_a_view_that_names_no_permission_is_not_run(settings: Settings) -> None:
    def forgotten(request: object) -> HttpResponse:
        raise AssertionError("this view must not run")

    middleware = DenyByDefaultMiddleware(lambda _: HttpResponse())

    with pytest.raises(ImproperlyConfigured, match="forgotten names no permission"):
        middleware.process_view(RequestFactory().get("/"), forgotten, (), {})
