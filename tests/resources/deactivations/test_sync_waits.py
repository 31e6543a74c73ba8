"""Deactivating something once its checkpoints have synced: never before, and never instead."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.chain.stored import verify_stored_chain
from loopsweb.dashboard.attention import find_attention_items
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import dispatch, sync_waits
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deactivations.wait_forms import NOT_TOLD
from loopsweb.resources.models import Checkpoint, Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.claims import claim_due
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import Poll, list_calls, list_outcomes, run_tick
from tests.resources.deactivations.requests import submit_decision, submit_form


def list_syncing() -> str:
    ids = Checkpoint.objects.filter(sync_status="SYNCING").values_list("remote_id", flat=True)
    return json.dumps(list(ids))


def set_status(status: str, **fields: Any) -> None:
    Checkpoint.objects.filter(name="step-2").update(sync_status=status, **fields)


@pytest.fixture
def waiting(alice: User, syncing_deployment: Deployment, real_time: Timeline) -> Deactivation:
    """alice's request to end a deployment once step-2 has synced, within two hours."""
    response = submit_form(
        alice, syncing_deployment, once_synced=list_syncing(), sync_hours="2", seen=""
    )
    found = Deactivation.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, found.get_absolute_url())
    return found


def tick(clock: Timeline, row: Deactivation) -> str:
    """The state half a minute later, once the worker has looked."""
    clock.pass_(30)
    run_tick(clock)
    row.refresh_from_db()
    return row.state


def test_nothing_is_sent_before_it_has_synced(
    waiting: Deactivation, world: Simulator, acme: Workspace, real_time: Timeline
) -> None:
    [awaited] = waiting.awaited
    assert (awaited["name"], waiting.state) == ("step-2", State.SYNCING)
    assert waiting.sync_until == waiting.requested_at + timedelta(hours=2)
    for status, omitted in (("SYNCING", False), ("", False), ("COMPLETE", True)):
        set_status(status, is_status_omitted=omitted)
        assert (tick(real_time, waiting), list_calls(world)) == (State.SYNCING, [])

    set_status("COMPLETE", is_status_omitted=False)

    assert tick(real_time, waiting) == State.SUCCEEDED
    assert len(list_calls(world)) == 1
    outcomes = [("requested", "alice@example.com"), ("synced", ""), ("succeeded", waiting.person)]
    assert list_outcomes(waiting) == outcomes
    saved = {each["name"]: each["sync_status"] for each in waiting.preflight["checkpoints"]}
    assert saved == {"step-2": "COMPLETE"}
    assert verify_stored_chain(acme.slug).erased == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"missing_since": "now"}, "The API no longer lists checkpoint step-2 (trainer). It may"),
        ({"sync_status": "FAILED"}, "Checkpoint step-2 (trainer) is FAILED."),
    ],
)
def test_a_lost_checkpoint_ends_the_wait_with_nothing_sent(
    waiting: Deactivation,
    world: Simulator,
    acme: Workspace,
    real_time: Timeline,
    change: dict[str, Any],
    why: str,
) -> None:
    given = {name: real_time() if value == "now" else value for name, value in change.items()}
    Checkpoint.objects.filter(name="step-2").update(**given)
    assert (tick(real_time, waiting), list_calls(world)) == (State.WITHDRAWN, [])
    assert (waiting.answer or {})["error"].startswith(why)
    assert why in " ".join(item.text for item in find_attention_items(acme, now=real_time()))


def test_it_expires_when_it_never_syncs(
    waiting: Deactivation, world: Simulator, acme: Workspace, real_time: Timeline
) -> None:
    real_time.pass_(2 * 3600 + 120)
    set_status("COMPLETE")  # too late
    assert (tick(real_time, waiting), list_calls(world)) == (State.EXPIRED, [])
    assert list_outcomes(waiting)[-1] == ("expired", "")
    texts = [item.text for item in find_attention_items(acme, now=real_time())]
    assert (
        "A deployment was to be deactivated once its checkpoints had synced. "
        "The checkpoints had not synced in time. Nothing was stopped."
    ) in texts


def test_it_can_be_withdrawn_and_others_are_told_what_it_waits_for(
    waiting: Deactivation, otto: User, world: Simulator, real_time: Timeline
) -> None:
    page = login_as(otto).get(waiting.get_absolute_url()).content.decode()
    assert "If one has not synced by then, or is lost, nothing is stopped." in page
    assert submit_decision(otto, waiting, "withdrawal") == 302
    set_status("COMPLETE")
    assert (tick(real_time, waiting), list_calls(world)) == (State.WITHDRAWN, [])


def test_approval_comes_before_the_wait(
    alice: User,
    otto: User,
    syncing_deployment: Deployment,
    acme: Workspace,
    real_time: Timeline,
    world: Simulator,
) -> None:
    Key.objects.update(shared=True)
    Policy.objects.create(team=acme.team, approve_others=True)
    Deployment.objects.update(owner_email="bo@example.com")
    submit_form(otto, syncing_deployment, once_synced=list_syncing())
    row = Deactivation.objects.get()
    set_status("COMPLETE")
    assert tick(real_time, row) == State.WAITING
    set_status("SYNCING")
    assert submit_decision(alice, row, "approval") == 302
    assert tick(real_time, row) == State.SYNCING
    set_status("COMPLETE")
    assert (tick(real_time, row), len(list_calls(world))) == (State.SUCCEEDED, 1)
    assert [outcome for outcome, _ in list_outcomes(row)] == [
        "requested",
        "approved",
        "synced",
        "succeeded",
    ]


def test_the_time_to_undo_is_kept(
    alice: User, syncing_deployment: Deployment, acme: Workspace, real_time: Timeline
) -> None:
    Policy.objects.create(team=acme.team, undo_seconds=60)
    submit_form(alice, syncing_deployment, once_synced=list_syncing())
    row = Deactivation.objects.get()
    set_status("COMPLETE")
    assert tick(real_time, row) == State.DUE
    assert row.due_at == row.requested_at + timedelta(seconds=60)
    real_time.pass_(120)
    assert tick(real_time, row) == State.SUCCEEDED


def test_a_request_made_due_by_other_means_is_not_sent(
    waiting: Deactivation, world: Simulator, real_time: Timeline
) -> None:
    now = real_time()
    Deactivation.objects.update(state=State.DUE, due_at=now, ask_at=now)
    assert (tick(real_time, waiting), list_calls(world)) == (State.WITHDRAWN, [])
    assert waiting.answer == {"error": "step-2 (trainer) is not known to have synced."}


def test_a_read_only_site_lets_nothing_go_on(
    waiting: Deactivation, settings: Settings, real_time: Timeline
) -> None:
    settings.LOOPSWEB_READ_ONLY = True
    set_status("COMPLETE")
    assert tick(real_time, waiting) == State.SYNCING


def test_two_workers_let_it_go_on_once(waiting: Deactivation, real_time: Timeline) -> None:
    set_status("COMPLETE")
    other = Deactivation.objects.select_related("workspace__team").get()
    sync_waits.settle_waits(now=real_time())
    sync_waits.release(other, now=real_time())
    assert [outcome for outcome, _ in list_outcomes(waiting)] == ["requested", "synced"]


def test_its_end_meanwhile_closes_it(
    waiting: Deactivation, world: Simulator, poll: Poll, real_time: Timeline
) -> None:
    world.world.deployments[waiting.target_remote_id].status = "STOPPED"
    poll(after=130)
    waiting.refresh_from_db()
    assert (waiting.state, list_calls(world)) == (State.EXPIRED, [])


def test_breaking_the_glass_waits_for_nothing(
    alice: User, syncing_deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    Policy.objects.create(
        team=syncing_deployment.workspace.team, approve_others=True, approve_protected=True
    )
    Deployment.objects.update(owner_email="bo@example.com")
    given = {"once_synced": list_syncing(), "break_glass": "on"}
    submit_form(alice, syncing_deployment, **given)
    row = Deactivation.objects.get()
    assert (row.awaited, row.sync_until, len(list_calls(world))) == ([], None, 1)


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"once_synced": "7"}, {"once_synced": ["These are no checkpoints."]}),
        ({"once_synced": '["ck_no"]'}, {"once_synced": ["The API no longer lists ck_no. It may"]}),
        ({"once_synced": "[]"}, {"once_synced": ["step-2 began to sync meanwhile. Review it"]}),
        ({"sync_hours": "0"}, {"sync_hours": ["Enter a number of at least 1."]}),
    ],
)
def test_invalid_waits_are_refused(
    alice: User,
    syncing_deployment: Deployment,
    real_time: Timeline,
    given: dict[str, str],
    errors: dict[str, list[str]],
) -> None:
    response = submit_form(alice, syncing_deployment, **given)
    found = response.context["form"].errors
    starts = {name: [text.startswith(errors[name][0]) for text in found[name]] for name in found}
    assert (response.status_code, starts) == (422, {name: [True] for name in errors})
    assert not Deactivation.objects.exists()


@pytest.mark.parametrize("named", ["button", "true"])
def test_what_the_api_does_not_tell_of_is_not_awaited(
    alice: User, syncing_deployment: Deployment, world: Simulator, named: str
) -> None:
    Checkpoint.objects.filter(name="step-1").update(sync_status="")
    sent = list_syncing() if named == "button" else named

    refused = submit_form(alice, syncing_deployment, once_synced=sent, sync_hours="2")

    form = refused.context["form"]
    assert (refused.status_code, form.errors) == (422, {"once_synced": [NOT_TOLD]})
    assert (form["reason"].value(), form["sync_hours"].value()) == ("idle", "2")
    assert (Deactivation.objects.exists(), list_calls(world)) == (False, [])


def test_dispatch_ignores_what_waits(waiting: Deactivation, real_time: Timeline) -> None:
    dispatch.dispatch(waiting.pk, clock=real_time)
    assert claim_due(now=real_time()) == []
    waiting.refresh_from_db()
    assert waiting.state == State.SYNCING
