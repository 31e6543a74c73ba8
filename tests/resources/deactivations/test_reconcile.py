"""The outcome of sent requests: late effects, lost answers, and stops by others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.dashboard import attention
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import dispatch
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment, Run
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.claims import claim_sent
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import (
    CreateDeployments,
    Poll,
    list_calls,
    reconcile_sent,
    run_tick,
)
from tests.resources.deactivations.requests import request_due, submit_decision, submit_form

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


def get_state() -> str:
    return str(Deactivation.objects.get().state)


def test_the_wait_starts_when_the_request_is_sent(
    acme: Workspace, otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    Policy.objects.create(team=acme.team, undo_seconds=30)
    submit_form(otto, deployment)
    real_time.pass_(30 + 5 * 60)
    world.add_fault(DEACTIVATE, "status", status=504)
    run_tick(real_time)
    assert get_state() == State.UNKNOWN
    real_time.pass_(3)
    reconcile_sent(real_time)
    assert get_state() == State.UNKNOWN
    real_time.pass_(130)
    reconcile_sent(real_time)
    assert get_state() == State.REFUSED


def test_an_accepted_request_without_effect_can_be_repeated(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    submit_form(otto, deployment)
    remote = world.world.deployments[deployment.remote_id]
    remote.status, remote.stopping = "RUNNING", False
    real_time.now += timedelta(minutes=14)
    reconcile_sent(real_time)
    assert get_state() == State.SUCCEEDED
    real_time.now += timedelta(minutes=3)
    reconcile_sent(real_time)
    deactivation = Deactivation.objects.get()
    assert deactivation.state == State.REFUSED
    assert deactivation.answer is not None
    assert deactivation.answer["error"].startswith("The API still reports RUNNING")
    submit_form(otto, deployment)
    assert len(list_calls(world)) == 2


def test_a_deployment_unknown_to_the_api_is_lost_after_a_day(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    submit_form(otto, deployment)
    del world.world.deployments[deployment.remote_id]
    real_time.now += timedelta(hours=23)
    reconcile_sent(real_time)
    assert get_state() == State.SUCCEEDED
    real_time.now += timedelta(hours=2)
    reconcile_sent(real_time)
    assert get_state() == State.LOST
    events = Event.objects.filter(target_id=deployment.remote_id).order_by("pk")
    assert list(events.values_list("outcome", flat=True)) == ["requested", "succeeded", "unknown"]
    assert claim_sent(now=real_time() + timedelta(days=1)) == []


def test_a_delayed_process_makes_no_call(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    deactivation = request_due(deployment, person=otto, role="operator", now=real_time())
    acting = dispatch.mark_as_sent(deactivation, now=real_time())
    assert acting is not None
    real_time.pass_(16)
    dispatch.send_request(deactivation, acting=acting, clock=real_time)
    assert (get_state(), list_calls(world)) == (State.REFUSED, [])
    assert deactivation.answer == {"error": "The send window expired. Nothing was sent."}


def test_an_answer_after_the_timeout_is_kept(
    otto: User,
    deployment: Deployment,
    real_time: Timeline,
    world: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handle_request = world.handle_request

    def answer_late(request: Any) -> Any:
        response = handle_request(request)
        Deactivation.objects.update(state=State.UNKNOWN)
        return response

    monkeypatch.setattr(world, "handle_request", answer_late)
    assert submit_form(otto, deployment).status_code == 302
    assert get_state() == State.SUCCEEDED


def test_without_a_key_the_outcome_becomes_unknown(
    otto: User, deployment: Deployment, real_time: Timeline
) -> None:
    deactivation = request_due(deployment, person=otto, role="operator", now=real_time())
    assert dispatch.mark_as_sent(deactivation, now=real_time()) is not None
    Key.objects.all().delete()
    real_time.pass_(61)
    reconcile_sent(real_time)
    assert get_state() == State.UNKNOWN


def test_a_clock_set_back_does_not_stop_reconciliation(
    otto: User, deployment: Deployment, real_time: Timeline
) -> None:
    submit_form(otto, deployment)
    Deactivation.objects.update(ask_at=real_time() + timedelta(days=1))
    assert claim_sent(now=real_time()) == [Deactivation.objects.get().pk]


def test_a_stop_weeks_after_a_failed_request_is_unrelated(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator, poll: Poll
) -> None:
    world.add_fault(DEACTIVATE, "status", status=502)
    submit_form(otto, deployment)
    real_time.pass_(130)
    reconcile_sent(real_time)
    poll(after=30)
    real_time.now += timedelta(days=30)
    poll(after=30)
    world.world.deployments[deployment.remote_id].status = "STOPPED"
    poll(after=300)
    assert get_state() == State.REFUSED
    stop = Event.objects.get(action="deployment.stop")
    assert (stop.outcome, stop.person) == ("observed", "")


def test_a_run_ended_long_ago_does_not_explain_a_later_stop(
    acme: Workspace,
    otto: User,
    deployment: Deployment,
    real_time: Timeline,
    world: Simulator,
    poll: Poll,
) -> None:
    long_ago = real_time() - timedelta(days=60)
    Deactivation.objects.create(
        workspace=acme, noun="run", target_remote_id=Run.objects.get().remote_id,
        state=State.CONFIRMED, person=otto.email, role="operator",
        requested_at=long_ago, sent_at=long_ago, state_since=long_ago, ask_at=long_ago,
    )  # fmt: skip
    world.world.deployments[deployment.remote_id].status = "STOPPED"
    poll(after=130)
    assert Event.objects.get(action="deployment.stop").outcome == "observed"


def test_a_stop_during_a_refused_call_is_recorded(
    otto: User,
    deployment: Deployment,
    real_time: Timeline,
    world: Simulator,
    poll: Poll,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handle_request = world.handle_request

    def stop_meanwhile(request: Any) -> Any:
        if request.path.endswith("/deactivate"):
            world.world.deployments[deployment.remote_id].status = "STOPPED"
            poll(after=10)
        return handle_request(request)

    monkeypatch.setattr(world, "handle_request", stop_meanwhile)
    world.add_fault(DEACTIVATE, "status", status=409)
    submit_form(otto, deployment)
    assert Deployment.objects.get().status == "STOPPED"
    events = Event.objects.filter(target_id=deployment.remote_id).order_by("pk")
    assert list(events.values_list("outcome", "person")) == [
        ("requested", otto.email),
        ("refused", otto.email),
        ("observed", ""),
    ]


def test_an_emergency_always_stays_on_the_overview(
    acme: Workspace, alice: User, create_deployments: CreateDeployments, real_time: Timeline
) -> None:
    Policy.objects.create(team=acme.team, approve_others=True)
    rows = create_deployments(7)
    Deployment.objects.update(owner_email="bo@example.com")
    submit_form(alice, rows[0], break_glass="on")
    for row in rows[1:]:
        submit_form(alice, row)
    texts = [item.text for item in attention.find_attention_items(acme, now=real_time())]
    assert sum("used break-glass" in text for text in texts) == 1
    assert sum("waiting for approval" in text for text in texts) == 6


def test_requesters_cannot_decline_and_approvers_must_see_the_impact(
    deactivation: Deactivation, otto: User, alice: User
) -> None:
    assert submit_decision(otto, deactivation, "refusal") == 409
    assert login_as(alice).post(f"{deactivation.get_absolute_url()}approval/").status_code == 409
    assert get_state() == State.WAITING


@pytest.mark.parametrize("reason", ["", " ", "\u200b", "\u2060\u00ad", "\u3164", "\u2800", "..."])
def test_a_reason_needs_words(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator, reason: str
) -> None:
    assert submit_form(otto, deployment, reason=reason).status_code == 422
    assert list_calls(world) == []


@pytest.mark.parametrize("seen", ["[" * 100_000, '{"runs": 1}', "[]"])
def test_a_forged_seen_field_counts_as_stale(otto: User, deployment: Deployment, seen: str) -> None:
    assert submit_form(otto, deployment, seen=seen).status_code == 409
