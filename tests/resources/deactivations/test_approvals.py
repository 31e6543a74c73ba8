"""Two people, time to undo, and what is looked at once more before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Checkpoint, Deployment
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import Poll, calls, steps, tick

pytestmark = pytest.mark.usefixtures("belongs_to_bo")


@pytest.fixture
def asked(
    acme: Workspace, otto: User, deployment: Deployment, policy: Policy, real_time: Timeline
) -> Deactivation:
    """otto asks to end what is bo's, which takes a second person."""
    answer = press(otto, deployment)
    found = Deactivation.objects.get()
    assert answer.headers["Location"] == found.get_absolute_url()
    return found


def press(person: User, deployment: Deployment, **more: str) -> Any:
    url = reverse(
        "deactivations:new", args=[deployment.workspace.slug, "deployments", deployment.remote_id]
    )
    filled = {"reason": "idle", "typed": deployment.remote_id, **more}
    answer: Any = login_as(person).post(url, filled)
    return answer


def decide(person: User, asked: Deactivation, how: str, **sent: str) -> int:
    browser: Client = login_as(person)
    page = browser.get(asked.get_absolute_url())
    seen = page.context["impact_form"]
    filled = {"seen": seen["seen"].value() if seen else "", **sent}
    return browser.post(f"{asked.get_absolute_url()}{how}/", filled).status_code


def test_nothing_is_sent_until_a_second_person_approves(
    asked: Deactivation, otto: User, alice: User, world: Simulator, real_time: Timeline, poll: Poll
) -> None:
    assert (asked.state, tick(real_time), calls(world)) == (State.WAITING, 0, [])
    assert asked.why_approval == "It belongs to somebody else."

    assert decide(alice, asked, "approval") == 302
    real_time.pass_(5)
    assert tick(real_time) == 1
    poll(after=30)

    asked.refresh_from_db()
    assert (asked.state, asked.approver) == (State.CONFIRMED, alice.email)
    assert calls(world) == [f"/v1/loops/deployments/{asked.target_remote_id}/deactivate"]
    assert steps(asked) == [
        ("requested", otto.email),
        ("approved", alice.email),
        ("succeeded", otto.email),
        ("confirmed", otto.email),
    ]


def test_nobody_approves_their_own(
    asked: Deactivation, otto: User, world: Simulator, real_time: Timeline
) -> None:
    assert decide(otto, asked, "approval") == 409
    real_time.pass_(5)
    assert (tick(real_time), calls(world)) == (0, [])
    assert steps(asked) == [("requested", otto.email)]


def test_who_may_not_deactivate_does_not_decide(
    asked: Deactivation, vic: User, mallory: User
) -> None:
    for how in ("approval", "refusal", "withdrawal"):
        url = f"{asked.get_absolute_url()}{how}/"
        assert login_as(vic).post(url).status_code == 403
        assert login_as(mallory).post(url).status_code == 404
    assert login_as(mallory).get(asked.get_absolute_url()).status_code == 404
    asked.refresh_from_db()
    assert asked.state == State.WAITING


def test_a_second_person_may_decline_with_a_note(
    asked: Deactivation, alice: User, world: Simulator, real_time: Timeline
) -> None:
    assert decide(alice, asked, "refusal", note="It still trains.") == 302
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == (State.DECLINED, "idle")
    declined = Event.objects.get(outcome="declined")
    assert (declined.person, declined.reason) == (alice.email, "It still trains.")
    assert "It still trains." in login_as(alice).get(asked.get_absolute_url()).content.decode()
    assert decide(alice, asked, "refusal") == 409
    assert calls(world) == []


def test_a_request_that_nobody_approved_expires(
    asked: Deactivation, alice: User, world: Simulator, real_time: Timeline
) -> None:
    real_time.pass_(2 * 3600 - 1)
    tick(real_time)
    asked.refresh_from_db()
    assert asked.state == State.WAITING
    real_time.pass_(10)
    tick(real_time)
    asked.refresh_from_db()
    assert (asked.state, calls(world)) == (State.EXPIRED, [])
    assert decide(alice, asked, "approval") == 409


def test_approving_more_than_was_shown_takes_a_second_look(
    asked: Deactivation, alice: User, world: Simulator, real_time: Timeline
) -> None:
    browser = login_as(alice)
    seen = browser.get(asked.get_absolute_url()).context["impact_form"]["seen"].value()
    Checkpoint.objects.update(sync_status="SYNCING")
    url = f"{asked.get_absolute_url()}approval/"

    stale = browser.post(url, {"seen": seen})

    assert stale.status_code == 409
    assert (
        browser.post(url, {"seen": stale.context["impact_form"]["seen"].value()}).status_code == 302
    )


@pytest.mark.parametrize("what", ["syncing", "protected", "gone", "stopped", "no key"])
def test_what_changed_after_the_approval_is_not_ended(
    asked: Deactivation,
    alice: User,
    otto: User,
    world: Simulator,
    real_time: Timeline,
    what: str,
) -> None:
    decide(alice, asked, "approval")
    if what == "syncing":
        Checkpoint.objects.update(sync_status="SYNCING")
    elif what == "protected":
        Protection.objects.create(
            workspace=asked.workspace,
            noun="deployment",
            remote_id=asked.target_remote_id,
            person="alice",
            since=real_time(),
        )
    elif what == "gone":
        Membership.objects.filter(user=otto, team=asked.workspace.team).delete()
    elif what == "stopped":
        Deployment.objects.update(status="STOPPED")
    else:
        asked.workspace.keys.all().delete()
    real_time.pass_(5)
    tick(real_time)

    asked.refresh_from_db()
    assert (asked.state, calls(world)) == (State.WITHDRAWN, [])
    assert [step[0] for step in steps(asked)] == ["requested", "approved", "withdrawn"]


def test_it_can_be_undone_until_it_is_sent(
    deployment: Deployment,
    alice: User,
    otto: User,
    acme: Workspace,
    world: Simulator,
    real_time: Timeline,
) -> None:
    Policy.objects.create(team=acme.team, undo_seconds=30)
    press(otto, deployment)
    first = Deactivation.objects.get()
    assert (first.state, tick(real_time), calls(world)) == (State.DUE, 0, [])

    assert decide(otto, first, "withdrawal") == 302
    real_time.pass_(40)
    assert (tick(real_time), calls(world)) == (0, [])

    real_time.pass_(-40)
    press(otto, deployment)
    second = Deactivation.objects.latest("pk")
    real_time.pass_(40)
    assert (tick(real_time), len(calls(world))) == (1, 1)
    assert decide(otto, second, "withdrawal") == 409
    assert [step[0] for step in steps(first)] == ["requested", "withdrawn"]
    assert [step[0] for step in steps(second)] == ["requested", "succeeded"]


def test_what_could_not_be_sent_when_it_was_due_is_not_sent_much_later(
    deployment: Deployment,
    otto: User,
    acme: Workspace,
    world: Simulator,
    real_time: Timeline,
    settings: Settings,
) -> None:
    Policy.objects.create(team=acme.team, undo_seconds=30)
    press(otto, deployment)
    settings.LOOPSWEB_READ_ONLY = True
    real_time.pass_(60)
    assert (tick(real_time), Deactivation.objects.get().state) == (0, State.DUE)
    real_time.pass_(600)
    settings.LOOPSWEB_READ_ONLY = False
    assert (tick(real_time), calls(world)) == (0, [])
    assert Deactivation.objects.get().state == State.EXPIRED


def test_an_end_that_is_seen_while_it_waits_ends_the_waiting(
    asked: Deactivation, world: Simulator, poll: Poll
) -> None:
    world.world.deployments[asked.target_remote_id].status = "STOPPED"
    poll(after=120)
    asked.refresh_from_db()
    assert (asked.state, calls(world)) == (State.EXPIRED, [])
    assert Event.objects.get(action="deployment.stop").outcome == "observed"


def test_an_admin_may_break_the_glass_and_it_is_loud(
    asked: Deactivation,
    deployment: Deployment,
    alice: User,
    otto: User,
    world: Simulator,
    acme: Workspace,
) -> None:
    decide(otto, asked, "withdrawal")
    press(otto, deployment, break_glass="on")
    assert (Deactivation.objects.latest("pk").state, calls(world)) == (State.WAITING, [])
    decide(otto, Deactivation.objects.latest("pk"), "withdrawal")
    Policy.objects.update(reason_required=False)
    refused = press(alice, deployment, break_glass="on", reason="")
    assert refused.status_code == 422

    press(alice, deployment, break_glass="on", reason="Costs run away.")

    done = Deactivation.objects.latest("pk")
    assert (done.state, done.broke_glass, len(calls(world))) == (State.SUCCEEDED, True, 1)
    loud = Event.objects.get(action="deployment.break_glass")
    assert (loud.person, loud.reason, loud.incident) == (
        alice.email,
        "Costs run away.",
        done.incident,
    )
    overview = login_as(otto).get(reverse("dashboard:overview", args=[acme.slug]))
    assert "used break-glass" in overview.content.decode()


def test_the_list_costs_the_same_at_one_and_at_three(
    asked: Deactivation, alice: User, acme: Workspace
) -> None:
    url = reverse("deactivations:list", args=[acme.slug])
    browser = login_as(alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(url)
        return len(captured)

    queries()
    one = queries()
    for number in range(2):
        asked.pk = None
        asked.incident = f"00000000-0000-0000-0000-00000000000{number}"
        asked.target_remote_id = f"dep_{number}"
        asked.save(force_insert=True)
    assert (queries(), browser.get(url).context["query"].number) == (one, 1)
