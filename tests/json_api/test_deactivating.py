"""Ending by a script: what a page demands is demanded of it too, and the trail names the token."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.json_api.models import AccessToken
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from loopsweb.resources.polling import leases, poller
from loopsweb.simulator import Simulator
from tests.failing_database import read_only
from tests.json_api.conftest import token_for
from tests.personas import adds_key, client_of

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


@pytest.fixture
def deployment(acme: Workspace, alice: User, loops: Simulator) -> Deployment:
    """Nobody's in particular, with a run that is saved."""
    loops.world.clear()
    run = loops.world.add_run()
    there = loops.world.add_deployment(run=run)
    loops.world.add_checkpoint(run=run, name="step-1")
    adds_key(alice, workspace=acme, secret="demo-org-key", shared=True, now=timezone.now())
    for state_id in leases.claim_due(now=timezone.now()):
        poller.poll(state_id, clock=timezone.now)
    loops.requests.clear()
    for model in (Deployment, Run, Sampler):
        model.objects.update(owner_email="")
    return Deployment.objects.get(remote_id=there.id)


@pytest.fixture
def secret(otto: User, acme: Workspace) -> str:
    return token_for(otto, acme, scope="act", name="reaper").secret


def end(deployment: Deployment, secret: str, body: Any = None, **path: str) -> Any:
    names = {"workspace": "acme", "noun": "deployments", "id": deployment.remote_id} | path
    sent = {"reason": "idle"} if body is None else body
    return Client(headers={"Authorization": f"Bearer {secret}"}).post(
        "/api/v1/w/{workspace}/{noun}/{id}/deactivation/".format(**names),
        sent if isinstance(sent, str | bytes) else json.dumps(sent),
        content_type="application/json",
    )


def detail(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["detail"]


def calls(loops: Simulator) -> int:
    return sum(request.path.endswith("/deactivate") for request in loops.requests)


def test_it_is_recorded_called_once_and_answered(
    deployment: Deployment, secret: str, otto: User, loops: Simulator
) -> None:
    answer = end(deployment, secret)

    asked = Deactivation.objects.get()
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "incident": str(asked.incident),
        "id": deployment.remote_id,
        "state": "succeeded",
        "waits_for": None,
        "requested_at": asked.requested_at.isoformat().replace("+00:00", "Z"),
        "sent_from": None,
        "expires_at": None,
    }
    assert calls(loops) == 1
    first, second = Event.objects.filter(incident=asked.incident).order_by("pk")
    assert (first.outcome, first.person, first.role, first.reason) == (
        "requested",
        otto.email,
        "operator",
        "idle",
    )
    assert first.answer == {"token": str(AccessToken.objects.get())}
    assert (first.address, first.request_id != "") == ("127.0.0.1", True)
    assert second.outcome == "succeeded"
    assert detail(end(deployment, secret)) == (
        409,
        f"Somebody has asked for this already. Its incident is {asked.incident}.",
    )
    assert calls(loops) == 1


def test_a_token_that_only_reads_ends_nothing(
    deployment: Deployment, otto: User, acme: Workspace, loops: Simulator
) -> None:
    reads = token_for(otto, acme).secret
    said = (403, "This token only reads. Make one that may act.")
    assert detail(end(deployment, reads)) == said
    assert (calls(loops), Deactivation.objects.count()) == (0, 0)


def test_a_role_that_was_taken_away_since_is_not_obeyed_and_told(
    deployment: Deployment, secret: str, otto: User, loops: Simulator
) -> None:
    otto.memberships.filter(team__name="Acme").update(role=Role.VIEWER)
    status, said = detail(end(deployment, secret))
    assert (status, said.startswith("Your role here is viewer")) == (403, True)
    assert calls(loops) == 0
    denied = Event.objects.get(outcome="denied")
    assert (denied.action, denied.person, denied.target_id) == (
        "deployment.deactivate",
        otto.email,
        deployment.remote_id,
    )


def test_somebody_elses_is_confirmed_by_its_id(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    Deployment.objects.update(owner_email="bo@example.com")
    Checkpoint.objects.update(sync_status="SYNCING")
    why = "confirm: send its id. It is bo@example.com's, not yours. Something would be lost."
    assert detail(end(deployment, secret)) == (422, why)
    assert detail(end(deployment, secret, {"reason": "idle", "confirm": "dep"})) == (422, why)
    assert calls(loops) == 0
    confirmed = {"reason": "idle", "confirm": deployment.remote_id}
    assert end(deployment, secret, confirmed).status_code == 200


def test_a_reason_is_demanded_where_the_team_wants_one(
    deployment: Deployment, secret: str, acme: Workspace
) -> None:
    assert detail(end(deployment, secret, {})) == (422, "reason: Say why.")
    Policy.objects.create(team=acme.team, reason_required=False)
    assert end(deployment, secret, "").status_code == 200


def test_what_waits_for_a_second_person_is_accepted_not_done(
    deployment: Deployment, secret: str, acme: Workspace, loops: Simulator
) -> None:
    Policy.objects.create(team=acme.team, approve_others=True)
    answer = end(deployment, secret)
    said = answer.json()
    assert (answer.status_code, said["state"], calls(loops)) == (202, "waiting", 0)
    assert said["waits_for"] == "The API does not say whose it is."
    assert said["expires_at"] is not None


def test_what_is_protected_is_left_alone(
    deployment: Deployment, secret: str, acme: Workspace, loops: Simulator
) -> None:
    thing = {"workspace": acme, "noun": "deployment", "remote_id": deployment.remote_id}
    Protection.objects.create(**thing, person="alice@example.com", since=timezone.now())
    Policy.objects.create(team=acme.team, approve_protected=False)
    status, said = detail(end(deployment, secret))
    assert (status, said.startswith(f"Deployment {deployment.remote_id} is protected.")) == (
        422,
        True,
    )
    assert calls(loops) == 0


def test_what_has_ended_has_ended(deployment: Deployment, secret: str) -> None:
    Deployment.objects.update(status="STOPPED")
    said = "This deployment is STOPPED already; there is nothing to end."
    assert detail(end(deployment, secret)) == (409, said)


def test_what_the_api_refuses_is_a_failure(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    loops.fail(DEACTIVATE, "status", status=409, body={"message": "Not now."})
    status, said = detail(end(deployment, secret))
    assert (status, "Not now." in said) == (502, True)
    assert Deactivation.objects.get().state == "refused"


def test_an_answer_that_was_lost_is_not_called_done(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    loops.fail(DEACTIVATE, "status", status=502)
    answer = end(deployment, secret)
    assert (answer.status_code, answer.json()["state"]) == (202, "unknown")


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_recorded_is_not_done(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    with read_only():
        status, said = detail(end(deployment, secret))
    assert (status, said.partition(",")[0]) == (503, "Nothing was asked of the API")
    assert calls(loops) == 0


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{",
        '"idle"',
        {"reason": 1},
        {"why": "idle"},
        {"reason": None},
        "\x00",
        b'{"reason": "\xff"}',
        b'{"\xc3\x28": "idle"}',
    ],
)
def test_a_body_that_is_not_understood(
    deployment: Deployment, secret: str, body: Any, loops: Simulator
) -> None:
    assert detail(end(deployment, secret, body))[0] == 400
    assert calls(loops) == 0


@pytest.mark.parametrize(
    "path", [{"id": "dep_none"}, {"noun": "samplers"}, {"workspace": "otto"}, {"id": "a%00b"}]
)
def test_what_is_not_there(deployment: Deployment, secret: str, path: dict[str, str]) -> None:
    assert detail(end(deployment, secret, **path))[0] == 404


@pytest.mark.parametrize("noun", ["sessions", "checkpoints", "audit"])
def test_nothing_else_is_ended(deployment: Deployment, secret: str, noun: str) -> None:
    assert detail(end(deployment, secret, noun=noun))[0] == 404


def test_ending_is_a_post(deployment: Deployment, secret: str) -> None:
    url = f"/api/v1/w/acme/deployments/{deployment.remote_id}/deactivation/"
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get(url)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_a_read_only_site_says_so(
    deployment: Deployment, secret: str, settings: Settings, loops: Simulator
) -> None:
    settings.LOOPSWEB_READ_ONLY = True
    said = "This loopsweb is read-only: it shows everything and changes nothing."
    assert detail(end(deployment, secret)) == (403, said)
    assert calls(loops) == 0


def test_no_session_ends_anything_here(deployment: Deployment, alice: User) -> None:
    url = f"/api/v1/w/acme/deployments/{deployment.remote_id}/deactivation/"
    assert client_of(alice).post(url).status_code == 401


def test_ending_without_end_is_stopped(deployment: Deployment, secret: str) -> None:
    codes = [end(deployment, secret, id="none").status_code for _ in range(21)]
    assert codes == [404] * 20 + [429]
