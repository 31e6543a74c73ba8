from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.json_api.models import AccessToken
from loopsweb.json_api.schemas import NOUNS
from loopsweb.json_api.tokens.actions import Made
from tests.json_api.conftest import Ask, token_for
from tests.personas import client_of

RUNS = "w/acme/runs/"


@pytest.mark.parametrize("noun", NOUNS)
def test_a_token_of_the_workspace_does(noun: str, ask: Ask) -> None:
    assert ask(f"w/acme/{noun}/").status_code == 200


@pytest.mark.parametrize("noun", NOUNS)
def test_a_session_does_not(noun: str, alice: User, acme: Workspace) -> None:
    answer = client_of(alice).get(f"/api/v1/w/acme/{noun}/")

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="loopsweb"')
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"}],
)
def test_nothing_else_does(headers: dict[str, str], acme: Workspace) -> None:
    assert Client(headers=headers).get(f"/api/v1/{RUNS}").status_code == 401


@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_a_token_in_the_address_does_not(name: str, token: Made) -> None:
    assert Client().get(f"/api/v1/{RUNS}", {name: token.secret}).status_code == 401


def test_another_workspace_is_not_there(ask: Ask, vic: User, mallory: User) -> None:
    for slug in ("vic", "mallory", "nowhere"):
        assert ask(f"w/{slug}/runs/").status_code == 404


@pytest.mark.parametrize("why", ["expired", "revoked", "left", "switched off", "changed"])
def test_a_token_that_no_longer_works(why: str, ask: Ask, token: Made, vic: User) -> None:
    secret = token.secret
    if why == "expired":
        AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "revoked":
        client_of(vic).post(f"/tokens/{token.token.pk}/revocation/")
    elif why == "left":
        vic.memberships.filter(team__name="Acme").delete()
    elif why == "switched off":
        User.objects.filter(pk=vic.pk).update(is_active=False)
    else:
        secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")

    answer: Any = ask(RUNS, secret)

    assert answer.status_code == 401
    assert answer.json()["detail"] == (
        "This token is unknown, expired or revoked, or its person has left the team."
    )


def test_a_second_factor_that_the_team_demands(ask: Ask, acme: Workspace) -> None:
    acme.team.second_factor_required = True
    acme.team.save()

    assert ask(RUNS).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_there_is_nothing_but_reading(method: str, token: Made) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token.secret}"})

    answer = browser.generic(method, f"/api/v1/{RUNS}")

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer["Content-Type"] == "application/problem+json"


def test_reading_without_end_is_stopped(ask: Ask) -> None:
    codes = [ask(RUNS).status_code for _ in range(121)]

    assert codes == [200] * 120 + [429]
    answer: Any = ask(RUNS)
    assert (answer["Retry-After"], answer["Content-Type"]) == ("60", "application/problem+json")


def test_guessing_is_stopped(ask: Ask) -> None:
    codes = [ask(RUNS, f"loopsweb_{number}").status_code for number in range(31)]

    assert codes == [401] * 30 + [429]


def test_guessing_locks_out_nobody_behind_the_same_address(ask: Ask) -> None:
    for number in range(31):
        ask(RUNS, f"loopsweb_{number}")

    assert ask(RUNS).status_code == 200


def test_who_leaves_and_comes_back_finds_no_token_of_before(
    ask: Ask, alice: User, vic: User, acme: Workspace
) -> None:
    own = token_for(vic, Workspace.objects.get(slug="vic"))
    member = vic.memberships.get(team=acme.team)

    client_of(alice).post(f"/teams/{acme.team_id}/members/{member.pk}/removal/")
    acme.team.memberships.create(user=vic, role="viewer")

    assert ask(RUNS).status_code == 401
    assert [each.pk for each in AccessToken.objects.filter(revoked_at=None)] == [own.token.pk]
    event = Event.objects.get(action="token.revoke")
    assert (event.workspace, event.person, event.target_owner, event.reason) == (
        "acme",
        alice.email,
        vic.email,
        "Its person left the team.",
    )


@pytest.mark.parametrize(
    "path", ["", "nothing", "w/acme/", "w/acme/keys/", "w/acme/runs/x/", "w/%0A/runs/"]
)
def test_what_is_not_there(path: str, ask: Ask) -> None:
    answer: Any = ask(path)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_last_use_is_noted_once_a_minute(ask: Ask) -> None:
    ask(RUNS)
    noted = AccessToken.objects.get().last_used_at
    ask(RUNS)

    assert noted is not None
    assert AccessToken.objects.get().last_used_at == noted


def test_making_and_revoking_is_told_and_the_secret_kept_nowhere(
    vic: User, acme: Workspace
) -> None:
    browser = client_of(vic)

    made = browser.post(
        "/tokens/make/", {"name": "cron", "workspace": "acme", "scope": "read", "days": "7"}
    )

    secret = made.context["secret"]
    assert (made.status_code, secret in made.content.decode()) == (201, True)
    assert secret not in browser.get("/tokens/").content.decode()
    token = AccessToken.objects.get()
    assert (token.person, token.workspace, token.scope) == (vic, acme, "read")
    assert token.expires_at - token.created_at == timedelta(days=7)
    for _ in range(2):
        browser.post(f"/tokens/{token.pk}/revocation/")
    told = Event.objects.order_by("pk")
    assert [(each.action, each.person, each.target_name) for each in told] == [
        (action, vic.email, f"cron (loopsweb_…{secret[-4:]})")
        for action in ("token.make", "token.revoke")
    ]
    kept = [*Event.objects.values(), *AccessToken.objects.values()]
    assert secret not in str(kept)
    assert "Revoked" in browser.get("/tokens/").content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {"workspace": "mallory"},
        {"workspace": ""},
        {"days": "9999"},
        {"name": ""},
        {"scope": "act"},  # vic is a viewer
        {"scope": "rule"},
    ],
)
def test_what_cannot_be_made(
    given: dict[str, str], vic: User, mallory: User, acme: Workspace
) -> None:
    sent = {"name": "cron", "workspace": "acme", "scope": "read", "days": "7"} | given

    answer = client_of(vic).post("/tokens/make/", sent)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [*given])
    assert AccessToken.objects.count() == 0


def test_a_token_of_another_workspace_of_the_team(alice: User, acme: Workspace) -> None:
    second = acme.team.workspaces.create(name="Second", slug="second")
    secret = token_for(alice, second).secret

    headers = {"Authorization": f"Bearer {secret}"}
    answers = [Client(headers=headers).get(f"/api/v1/w/{s}/runs/") for s in ("second", "acme")]
    assert [each.status_code for each in answers] == [200, 404]
