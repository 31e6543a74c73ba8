"""When it was sent, when it took effect, and whose stop it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.dashboard import attention
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import dispatch, reconcile
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment, Run
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import MadeDeployments, Poll, calls, tick
from tests.resources.deactivations.requests import request_due
from tests.resources.deactivations.test_actions import settle
from tests.resources.deactivations.test_approvals import decide, press

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


def state() -> str:
    return str(Deactivation.objects.get().state)


def test_what_was_sent_late_is_given_its_time(
    acme: Workspace, otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    Policy.objects.create(team=acme.team, undo_seconds=30)
    press(otto, deployment)
    real_time.pass_(30 + 5 * 60)
    world.add_fault(DEACTIVATE, "status", status=504)
    tick(real_time)
    assert state() == State.UNKNOWN
    real_time.pass_(3)
    settle(real_time)
    assert state() == State.UNKNOWN
    real_time.pass_(130)
    settle(real_time)
    assert state() == State.REFUSED


def test_what_was_accepted_without_effect_can_be_asked_for_again(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    press(otto, deployment)
    there = world.world.deployments[deployment.remote_id]
    there.status, there.stopping = "RUNNING", False
    real_time.now += timedelta(minutes=14)
    settle(real_time)
    assert state() == State.SUCCEEDED
    real_time.now += timedelta(minutes=3)
    settle(real_time)
    asked = Deactivation.objects.get()
    assert asked.state == State.REFUSED
    assert asked.answer is not None
    assert asked.answer["error"].startswith("The API still reports RUNNING")
    press(otto, deployment)
    assert len(calls(world)) == 2


def test_what_the_api_does_not_know_any_more_is_not_asked_about_for_ever(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    press(otto, deployment)
    del world.world.deployments[deployment.remote_id]
    real_time.now += timedelta(hours=23)
    settle(real_time)
    assert state() == State.SUCCEEDED
    real_time.now += timedelta(hours=2)
    settle(real_time)
    assert state() == State.LOST
    told = Event.objects.filter(target_id=deployment.remote_id).order_by("pk")
    assert list(told.values_list("outcome", flat=True)) == ["requested", "succeeded", "unknown"]
    assert reconcile.claim_sent(now=real_time() + timedelta(days=1)) == []


def test_a_process_that_was_held_up_does_not_call_any_more(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    asked = request_due(deployment, person=otto, role="operator", now=real_time())
    acting = dispatch.take(asked, now=real_time())
    assert acting is not None
    real_time.pass_(16)
    dispatch.send(asked, acting=acting, clock=real_time)
    assert (state(), calls(world)) == (State.REFUSED, [])
    assert asked.answer == {"error": "The send window expired. Nothing was sent."}


def test_an_answer_that_came_after_the_question_is_kept(
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
    assert press(otto, deployment).status_code == 302
    assert state() == State.SUCCEEDED


def test_without_a_key_that_can_ask_it_is_not_called_being_sent(
    otto: User, deployment: Deployment, real_time: Timeline
) -> None:
    asked = request_due(deployment, person=otto, role="operator", now=real_time())
    assert dispatch.take(asked, now=real_time()) is not None
    Key.objects.all().delete()
    real_time.pass_(61)
    settle(real_time)
    assert state() == State.UNKNOWN


def test_a_clock_that_was_set_back_does_not_stop_the_asking(
    otto: User, deployment: Deployment, real_time: Timeline
) -> None:
    press(otto, deployment)
    Deactivation.objects.update(ask_at=real_time() + timedelta(days=1))
    assert reconcile.claim_sent(now=real_time()) == [Deactivation.objects.get().pk]


def test_a_stop_weeks_after_a_failed_request_is_somebody_elses(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator, poll: Poll
) -> None:
    world.add_fault(DEACTIVATE, "status", status=502)
    press(otto, deployment)
    real_time.pass_(130)
    settle(real_time)
    poll(after=30)
    real_time.now += timedelta(days=30)
    poll(after=30)
    world.world.deployments[deployment.remote_id].status = "STOPPED"
    poll(after=300)
    assert state() == State.REFUSED
    stop = Event.objects.get(action="deployment.stop")
    assert (stop.outcome, stop.person) == ("observed", "")


def test_a_run_ended_long_ago_confirms_no_stop_of_the_deployment_that_lived_on(
    acme: Workspace,
    otto: User,
    deployment: Deployment,
    real_time: Timeline,
    world: Simulator,
    poll: Poll,
) -> None:
    ago = real_time() - timedelta(days=60)
    Deactivation.objects.create(
        workspace=acme, noun="run", target_remote_id=Run.objects.get().remote_id,
        state=State.CONFIRMED, person=otto.email, role="operator", requested_at=ago, sent_at=ago,
        state_since=ago, ask_at=ago,
    )  # fmt: skip
    world.world.deployments[deployment.remote_id].status = "STOPPED"
    poll(after=130)
    assert Event.objects.get(action="deployment.stop").outcome == "observed"


def test_a_stop_by_somebody_else_while_our_call_is_refused_is_recorded(
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
    press(otto, deployment)
    assert Deployment.objects.get().status == "STOPPED"
    told = Event.objects.filter(target_id=deployment.remote_id).order_by("pk")
    assert list(told.values_list("outcome", "person")) == [
        ("requested", otto.email),
        ("refused", otto.email),
        ("observed", ""),
    ]


def test_broken_glass_is_pushed_off_the_overview_by_nothing(
    acme: Workspace, alice: User, made: MadeDeployments, real_time: Timeline
) -> None:
    Policy.objects.create(team=acme.team, approve_others=True)
    rows = made(7)
    Deployment.objects.update(owner_email="bo@example.com")
    press(alice, rows[0], break_glass="on")
    for row in rows[1:]:
        press(alice, row)
    found = [item.text for item in attention.find_attention_items(acme, now=real_time())]
    assert sum("used break-glass" in what for what in found) == 1
    assert sum("waiting for approval" in what for what in found) == 5


@pytest.fixture
def asked(otto: User, deployment: Deployment, policy: Policy) -> Deactivation:
    Deployment.objects.update(owner_email="bo@example.com")
    press(otto, deployment)
    return Deactivation.objects.get()


def test_nobody_declines_their_own_and_nobody_approves_what_they_were_not_shown(
    asked: Deactivation, otto: User, alice: User
) -> None:
    assert decide(otto, asked, "refusal") == 409
    assert login_as(alice).post(f"{asked.get_absolute_url()}approval/").status_code == 409
    assert state() == State.WAITING


@pytest.mark.parametrize("reason", ["", " ", "\u200b", "\u2060\u00ad", "\u3164", "\u2800", "..."])
def test_a_reason_is_in_words(
    otto: User, deployment: Deployment, real_time: Timeline, world: Simulator, reason: str
) -> None:
    assert press(otto, deployment, reason=reason).status_code == 422
    assert calls(world) == []


@pytest.mark.parametrize("seen", ["[" * 100_000, '{"runs": 1}', "[]"])
def test_a_forged_look_is_a_stale_one(otto: User, deployment: Deployment, seen: str) -> None:
    assert press(otto, deployment, seen=seen).status_code == 409
