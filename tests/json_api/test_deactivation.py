"""Deactivation by a script follows the rules of the page and records the token."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.json_api.models import AccessToken
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Checkpoint, Deployment
from loopsweb.simulator import Simulator
from tests.failing_database import make_read_only
from tests.json_api.conftest import create_token
from tests.personas import login_as

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


@pytest.fixture
def secret(otto: User, acme: Workspace) -> str:
    return create_token(otto, acme, scope="act", name="reaper").secret


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


def test_a_deactivation_is_recorded_and_sent_once(
    deployment: Deployment, secret: str, otto: User, loops: Simulator
) -> None:
    answer = end(deployment, secret)

    row = Deactivation.objects.get()
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "incident": str(row.incident),
        "id": deployment.remote_id,
        "state": "succeeded",
        "waits_for": None,
        "requested_at": row.requested_at.isoformat().replace("+00:00", "Z"),
        "sent_from": None,
        "expires_at": None,
        "awaited": [],
        "sync_until": None,
    }
    assert calls(loops) == 1
    first, second = Event.objects.filter(incident=row.incident).order_by("pk")
    assert (first.outcome, first.person, first.role, first.reason) == (
        "requested",
        otto.email,
        "operator",
        "idle",
    )
    assert first.answer == {
        "token": str(AccessToken.objects.get()),
        "preflight": row.preflight,
    }
    assert (first.address, first.request_id != "") == ("127.0.0.1", True)
    assert second.outcome == "succeeded"
    assert detail(end(deployment, secret)) == (
        409,
        f"A deactivation has already been requested. Its incident is {row.incident}.",
    )
    assert calls(loops) == 1


def test_a_read_only_token_cannot_deactivate(
    deployment: Deployment, otto: User, acme: Workspace, loops: Simulator
) -> None:
    reads = create_token(otto, acme).secret
    message = (403, "This token is read-only. Create one that may act.")
    assert detail(end(deployment, reads)) == message
    assert (calls(loops), Deactivation.objects.count()) == (0, 0)


def test_a_lost_role_is_refused_and_recorded(
    deployment: Deployment, secret: str, otto: User, loops: Simulator
) -> None:
    otto.memberships.filter(team__name="Acme").update(role=Role.VIEWER)
    status, message = detail(end(deployment, secret))
    assert (status, message.startswith("This requires the operator or admin role.")) == (403, True)
    assert calls(loops) == 0
    denied = Event.objects.get(outcome="denied")
    assert (denied.action, denied.person, denied.target_id) == (
        "deployment.deactivate",
        otto.email,
        deployment.remote_id,
    )


def test_deactivating_somebody_elses_needs_its_id(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    Deployment.objects.update(owner_email="bo@example.com")
    Checkpoint.objects.update(sync_status="SYNCING")
    message = (
        "confirm: send its id. It belongs to bo@example.com, not to you. Progress would be lost."
    )
    assert detail(end(deployment, secret)) == (422, message)
    assert detail(end(deployment, secret, {"reason": "idle", "confirm": "dep"})) == (422, message)
    assert calls(loops) == 0
    confirmed = {"reason": "idle", "confirm": deployment.remote_id}
    assert end(deployment, secret, confirmed).status_code == 200


def test_a_reason_is_required_if_the_policy_says_so(
    deployment: Deployment, secret: str, acme: Workspace
) -> None:
    assert detail(end(deployment, secret, {})) == (422, "reason: Enter a reason.")
    Policy.objects.create(team=acme.team, reason_required=False)
    assert end(deployment, secret, "").status_code == 200


def test_a_deactivation_awaiting_approval_is_accepted(
    deployment: Deployment, secret: str, acme: Workspace, loops: Simulator
) -> None:
    Policy.objects.create(team=acme.team, approve_others=True)
    answer = end(deployment, secret)
    body = answer.json()
    assert (answer.status_code, body["state"], calls(loops)) == (202, "waiting", 0)
    assert body["waits_for"] == "The API does not report an owner."
    assert body["expires_at"] is not None


def test_protected_resources_are_refused(
    deployment: Deployment, secret: str, acme: Workspace, loops: Simulator
) -> None:
    thing = {"workspace": acme, "noun": "deployment", "remote_id": deployment.remote_id}
    Protection.objects.create(**thing, person="alice@example.com", since=timezone.now())
    Policy.objects.create(team=acme.team, approve_protected=False)
    status, message = detail(end(deployment, secret))
    assert (status, message.startswith(f"Deployment {deployment.remote_id} is protected.")) == (
        422,
        True,
    )
    assert calls(loops) == 0


def test_ended_resources_are_a_conflict(deployment: Deployment, secret: str) -> None:
    Deployment.objects.update(status="STOPPED")
    message = "This deployment is already STOPPED. There is nothing to deactivate."
    assert detail(end(deployment, secret)) == (409, message)


def test_a_refusal_by_the_api_is_a_bad_gateway(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    loops.add_fault(DEACTIVATE, "status", status=409, body={"message": "Not now."})
    status, message = detail(end(deployment, secret))
    assert (status, "Not now." in message) == (502, True)
    assert Deactivation.objects.get().state == "refused"


def test_a_lost_answer_is_not_reported_as_success(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    loops.add_fault(DEACTIVATE, "status", status=502)
    answer = end(deployment, secret)
    assert (answer.status_code, answer.json()["state"]) == (202, "unknown")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_unless_recorded(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    with make_read_only():
        status, message = detail(end(deployment, secret))
    assert (status, message.partition(",")[0]) == (503, "Nothing was sent to the API")
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
def test_an_invalid_body_is_refused(
    deployment: Deployment, secret: str, body: Any, loops: Simulator
) -> None:
    assert detail(end(deployment, secret, body))[0] == 400
    assert calls(loops) == 0


@pytest.mark.parametrize(
    "path", [{"id": "dep_none"}, {"noun": "samplers"}, {"workspace": "otto"}, {"id": "a%00b"}]
)
def test_unknown_ids_are_not_found(
    deployment: Deployment, secret: str, path: dict[str, str]
) -> None:
    assert detail(end(deployment, secret, **path))[0] == 404


@pytest.mark.parametrize("noun", ["sessions", "checkpoints", "audit"])
def test_only_the_named_resource_is_deactivated(
    deployment: Deployment, secret: str, noun: str
) -> None:
    assert detail(end(deployment, secret, noun=noun))[0] == 404


def test_deactivation_needs_post(deployment: Deployment, secret: str) -> None:
    url = f"/api/v1/w/acme/deployments/{deployment.remote_id}/deactivation/"
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get(url)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_a_read_only_site_refuses_deactivation(
    deployment: Deployment, secret: str, settings: Settings, loops: Simulator
) -> None:
    settings.LOOPSWEB_READ_ONLY = True
    message = "This loopsweb is read-only: nothing can be changed."
    assert detail(end(deployment, secret)) == (403, message)
    assert calls(loops) == 0


def test_a_session_cannot_deactivate(deployment: Deployment, alice: User) -> None:
    url = f"/api/v1/w/acme/deployments/{deployment.remote_id}/deactivation/"
    assert login_as(alice).post(url).status_code == 401


def test_deactivations_are_rate_limited(deployment: Deployment, secret: str) -> None:
    codes = [end(deployment, secret, id="none").status_code for _ in range(21)]
    assert codes == [404] * 20 + [429]


def test_a_script_can_wait_for_what_is_syncing(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    Checkpoint.objects.update(sync_status="SYNCING")
    body = {"reason": "idle", "confirm": deployment.remote_id, "once_synced_hours": "3"}
    response = end(deployment, secret, body)
    row, answer = Deactivation.objects.get(), response.json()
    assert (response.status_code, answer["state"], calls(loops)) == (202, "syncing", 0)
    assert answer["awaited"] == [Checkpoint.objects.get().remote_id]
    assert row.sync_until == row.requested_at + timedelta(hours=3)


def test_a_script_cannot_wait_for_what_the_api_does_not_tell(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    Checkpoint.objects.update(sync_status="")
    status, message = detail(end(deployment, secret, {"reason": "idle", "once_synced_hours": "3"}))
    assert (status, calls(loops)) == (422, 0)
    assert message.startswith("once_synced_hours: The API does not say of every checkpoint")
    for hours in ("0", "x", "169"):
        body = {"reason": "idle", "once_synced_hours": hours}
        status, message = detail(end(deployment, secret, body))
        assert (status, message.startswith("once_synced_hours: ")) == (422, True)


def test_a_script_waits_for_nothing_where_nothing_is_syncing(
    deployment: Deployment, secret: str, loops: Simulator
) -> None:
    response = end(deployment, secret, {"reason": "idle", "once_synced_hours": "3"})
    assert (response.status_code, calls(loops)) == (200, 1)
