from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.json_api.models import AccessToken
from loopsweb.json_api.schemas import RESOURCES
from loopsweb.json_api.tokens.actions import MAX_VALID, CreatedToken
from tests.json_api.conftest import Ask, create_token
from tests.long_text import join_long_text
from tests.personas import login_as

RUNS = "w/acme/runs/"


@pytest.mark.parametrize("noun", RESOURCES)
def test_a_token_of_the_workspace_gives_access(noun: str, ask: Ask) -> None:
    assert ask(f"w/acme/{noun}/").status_code == 200


@pytest.mark.parametrize("noun", RESOURCES)
def test_a_session_gives_no_access(noun: str, alice: User, acme: Workspace) -> None:
    answer = login_as(alice).get(f"/api/v1/w/acme/{noun}/")

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="loopsweb"')
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"}],
)
def test_nothing_else_gives_access(headers: dict[str, str], acme: Workspace) -> None:
    assert Client(headers=headers).get(f"/api/v1/{RUNS}").status_code == 401


@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_a_token_in_the_url_gives_no_access(name: str, token: CreatedToken) -> None:
    assert Client().get(f"/api/v1/{RUNS}", {name: token.secret}).status_code == 401


def test_another_workspace_is_not_found(ask: Ask, vic: User, mallory: User) -> None:
    for slug in ("vic", "mallory", "nowhere"):
        assert ask(f"w/{slug}/runs/").status_code == 404


@pytest.mark.parametrize("cause", ["expired", "revoked", "left", "switched off", "changed"])
def test_an_invalid_token_gives_no_access(
    cause: str, ask: Ask, token: CreatedToken, vic: User
) -> None:
    secret = token.secret
    if cause == "expired":
        AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif cause == "revoked":
        login_as(vic).post(f"/tokens/{token.token.pk}/revocation/")
    elif cause == "left":
        vic.memberships.filter(team__name="Acme").delete()
    elif cause == "switched off":
        User.objects.filter(pk=vic.pk).update(is_active=False)
    else:
        secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")

    answer: Any = ask(RUNS, secret)

    assert answer.status_code == 401
    assert answer.json()["detail"] == (
        "This token is unknown, expired or revoked, or its owner has left the team."
    )


def test_a_missing_second_factor_is_refused(ask: Ask, acme: Workspace) -> None:
    acme.team.second_factor_required = True
    acme.team.save()

    assert ask(RUNS).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_method_is_allowed(method: str, token: CreatedToken) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token.secret}"})

    answer = browser.generic(method, f"/api/v1/{RUNS}")

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer["Content-Type"] == "application/problem+json"


def test_requests_are_rate_limited(ask: Ask) -> None:
    codes = [ask(RUNS).status_code for _ in range(121)]

    assert codes == [200] * 120 + [429]
    answer: Any = ask(RUNS)
    assert (answer["Retry-After"], answer["Content-Type"]) == ("60", "application/problem+json")


def test_invalid_tokens_are_rate_limited(ask: Ask) -> None:
    codes = [ask(RUNS, f"loopsweb_{number}").status_code for number in range(31)]

    assert codes == [401] * 30 + [429]


def test_invalid_tokens_do_not_lock_out_valid_ones(ask: Ask) -> None:
    for number in range(31):
        ask(RUNS, f"loopsweb_{number}")

    assert ask(RUNS).status_code == 200


def test_tokens_do_not_survive_leaving_the_team(
    ask: Ask, alice: User, vic: User, acme: Workspace
) -> None:
    own = create_token(vic, Workspace.objects.get(slug="vic"))
    member = vic.memberships.get(team=acme.team)

    login_as(alice).post(f"/teams/{acme.team_id}/members/{member.pk}/removal/")
    acme.team.memberships.create(user=vic, role="viewer")

    assert ask(RUNS).status_code == 401
    assert [each.pk for each in AccessToken.objects.filter(revoked_at=None)] == [own.token.pk]
    event = Event.objects.get(action="token.revoke")
    assert (event.workspace, event.person, event.target_owner, event.reason) == (
        "acme",
        alice.email,
        vic.email,
        "Its owner left the team.",
    )


@pytest.mark.parametrize(
    "path", ["", "nothing", "w/acme/", "w/acme/keys/", "w/acme/runs/x/", "w/%0A/runs/"]
)
def test_unknown_ids_are_not_found(path: str, ask: Ask) -> None:
    answer: Any = ask(path)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_last_use_is_recorded_once_a_minute(ask: Ask) -> None:
    ask(RUNS)
    noted = AccessToken.objects.get().last_used_at
    ask(RUNS)

    assert noted is not None
    assert AccessToken.objects.get().last_used_at == noted


def test_creating_and_revoking_is_recorded_without_the_secret(vic: User, acme: Workspace) -> None:
    browser = login_as(vic)

    made = browser.post(
        "/tokens/make/", {"name": "cron", "workspace": "acme", "scope": "read", "days": "7"}
    )

    secret = made.context["secret"]
    assert (made.status_code, secret in join_long_text(made.content.decode())) == (201, True)
    assert secret not in join_long_text(browser.get("/tokens/").content.decode())
    token = AccessToken.objects.get()
    assert (token.person, token.workspace, token.scope) == (vic, acme, "read")
    assert token.expires_at - token.created_at == timedelta(days=7)
    for _ in range(2):
        browser.post(f"/tokens/{token.pk}/revocation/")
    events = Event.objects.order_by("pk")
    assert [(each.action, each.person, each.target_name) for each in events] == [
        (action, vic.email, f"cron (loopsweb_…{secret[-4:]})")
        for action in ("token.make", "token.revoke")
    ]
    stored = [*Event.objects.values(), *AccessToken.objects.values()]
    assert secret not in str(stored)
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
        {"name": "cr\u200bon"},
    ],
)
def test_invalid_tokens_are_not_created(
    given: dict[str, str], vic: User, mallory: User, acme: Workspace
) -> None:
    sent = {"name": "cron", "workspace": "acme", "scope": "read", "days": "7"} | given

    answer = login_as(vic).post("/tokens/make/", sent)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [*given])
    assert AccessToken.objects.count() == 0


def test_a_token_for_another_workspace_of_the_team_gives_no_access(
    alice: User, acme: Workspace
) -> None:
    second = acme.team.workspaces.create(name="Second", slug="second")
    secret = create_token(alice, second).secret

    headers = {"Authorization": f"Bearer {secret}"}
    answers = [Client(headers=headers).get(f"/api/v1/w/{s}/runs/") for s in ("second", "acme")]
    assert [each.status_code for each in answers] == [200, 404]


def test_a_person_has_a_limited_number_of_valid_tokens(vic: User, acme: Workspace) -> None:
    browser, now = login_as(vic), timezone.now()
    form = {"name": "cron", "workspace": "acme", "scope": "read", "days": "7"}
    times = {"created_at": now, "expires_at": now + timedelta(days=1)}
    AccessToken.objects.bulk_create(
        AccessToken(person=vic, workspace=acme, name="x", digest=str(n), **times)
        for n in range(MAX_VALID)
    )
    refused = browser.post("/tokens/make/", form)
    assert refused.status_code == 422
    said = "You have 50 valid tokens. Revoke one that is no longer used."
    assert said in refused.content.decode()
    AccessToken.objects.filter(digest="0").update(revoked_at=now)
    assert browser.post("/tokens/make/", form).status_code == 201


def test_creating_tokens_is_limited_in_time(vic: User, acme: Workspace) -> None:
    browser = login_as(vic)
    form = {"name": "cron", "workspace": "acme", "scope": "read", "days": "7"}
    answers = [browser.post("/tokens/make/", form).status_code for _ in range(21)]
    assert answers == [201] * 20 + [429]
