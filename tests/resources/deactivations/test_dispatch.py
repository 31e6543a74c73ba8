"""What waited is looked at again before it is sent: the trail, the policy, who stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.signals import post_save

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.chain import stored
from loopsweb.audit.models import Chain, Event
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations import dispatch
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.requirements import change_policy
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests import personas
from tests.personas import add_key
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import calls, tick
from tests.resources.deactivations.test_approvals import decide, press

pytestmark = pytest.mark.usefixtures("belongs_to_bo")


@pytest.fixture
def undo(acme: Workspace) -> Policy:
    return Policy.objects.create(team=acme.team, undo_seconds=600)


def protect(deployment: Deployment, now: Timeline) -> None:
    Protection.objects.create(
        workspace=deployment.workspace, noun="deployment", remote_id=deployment.remote_id,
        person="alice@example.com", since=now(),
    )  # fmt: skip


def demand_a_second_person(acme: Workspace, bo: User) -> None:
    Policy.objects.update(approve_others=True)


def demand_a_second_factor(acme: Workspace, bo: User) -> None:
    acme.team.second_factor_required = True
    acme.team.save()


CHANGES: dict[str, Callable[[Workspace, User], None]] = {
    "A second person has not approved it. It belongs to somebody else.": demand_a_second_person,
    "The requester lacks the MFA that this team requires.": demand_a_second_factor,
}


@pytest.mark.parametrize("why", CHANGES)
def test_what_the_team_came_to_demand_meanwhile_holds(
    acme: Workspace,
    otto: User,
    deployment: Deployment,
    undo: Policy,
    real_time: Timeline,
    world: Simulator,
    why: str,
) -> None:
    press(otto, deployment)
    CHANGES[why](acme, otto)
    real_time.pass_(605)
    tick(real_time)
    asked = Deactivation.objects.get()
    assert (asked.state, asked.answer, calls(world)) == (State.WITHDRAWN, {"error": why}, [])
    dropped = Event.objects.get(incident=asked.incident, outcome="withdrawn")
    assert (dropped.person, dropped.address) == ("", "")


def test_who_approved_must_still_be_allowed_to(
    acme: Workspace,
    otto: User,
    deployment: Deployment,
    undo: Policy,
    real_time: Timeline,
    world: Simulator,
) -> None:
    Policy.objects.update(approve_others=True)
    bo = personas.create_member(acme, name="bo", role=Role.OPERATOR)
    press(otto, deployment)
    assert decide(bo, Deactivation.objects.get(), "approval") == 302
    Membership.objects.filter(user=bo).delete()
    real_time.pass_(605)
    tick(real_time)
    asked = Deactivation.objects.get()
    assert (asked.state, calls(world)) == (State.WITHDRAWN, [])
    assert asked.answer == {"error": "The approver no longer has permission."}


def test_what_nobody_may_end_now_is_not_approved(
    acme: Workspace,
    otto: User,
    alice: User,
    deployment: Deployment,
    undo: Policy,
    real_time: Timeline,
) -> None:
    protect(deployment, real_time)
    press(otto, deployment)
    asked = Deactivation.objects.get()
    Policy.objects.update(approve_protected=False)
    assert decide(alice, asked, "approval") == 409
    asked.refresh_from_db()
    assert asked.state == State.WAITING


def test_what_was_protected_between_the_look_and_the_record_is_not_ended(
    otto: User,
    deployment: Deployment,
    undo: Policy,
    real_time: Timeline,
    world: Simulator,
) -> None:
    def protect_meanwhile(created: bool, **_: object) -> None:
        if created:
            protect(deployment, real_time)

    post_save.connect(protect_meanwhile, sender=Deactivation)
    try:
        Policy.objects.update(undo_seconds=0)
        assert press(otto, deployment).status_code == 302
    finally:
        post_save.disconnect(protect_meanwhile, sender=Deactivation)
    asked = Deactivation.objects.get()
    assert (asked.state, calls(world)) == (State.WITHDRAWN, [])
    assert asked.answer == {
        "error": "It would end or lose more than was shown. protected: " + deployment.remote_id
    }


def test_a_row_that_the_trail_does_not_know_is_not_sent(
    acme: Workspace, alice: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    now = real_time()
    row = Deactivation.objects.create(
        workspace=acme, noun="deployment", target_remote_id=deployment.remote_id, state=State.DUE,
        person=alice.email, role="admin", requested_at=now, due_at=now, state_since=now, ask_at=now,
    )  # fmt: skip
    assert tick(real_time) == 1
    row.refresh_from_db()
    assert (row.state, calls(world)) == (State.EXPIRED, [])
    told = Event.objects.get(target_id=deployment.remote_id)
    assert (told.outcome, told.person) == ("refused", "")
    assert told.answer == {"error": dispatch.NOT_IN_TRAIL}


def test_a_row_that_waits_and_is_marked_as_due_lacks_its_approval(
    otto: User, deployment: Deployment, policy: Policy, real_time: Timeline, world: Simulator
) -> None:
    press(otto, deployment)
    now = real_time()
    Deactivation.objects.update(state=State.DUE, due_at=now, ask_at=now)
    real_time.pass_(1)
    tick(real_time)
    assert (Deactivation.objects.get().state, calls(world)) == (State.WITHDRAWN, [])


def test_the_trail_names_the_key_that_was_used(
    acme: Workspace,
    otto: User,
    alice: User,
    deployment: Deployment,
    policy: Policy,
    real_time: Timeline,
    world: Simulator,
) -> None:
    world.world.add_key("ottos-secret-key-0001", world.world.users[0])
    mine = add_key(otto, workspace=acme, secret="ottos-secret-key-0001", now=real_time())
    press(otto, deployment)
    asked = Deactivation.objects.get()
    assert decide(alice, asked, "approval") == 302
    by = Actor(workspace=acme.slug, person=otto.email, role="operator", address="", request_id="")
    gone = mine.fingerprint
    keys.remove(key=mine, by=by, now=real_time())
    real_time.pass_(5)
    tick(real_time)
    assert len(calls(world)) == 1
    told = dict(
        Event.objects.filter(incident=asked.incident).values_list("outcome", "key_fingerprint")
    )
    used = Key.objects.get().fingerprint
    assert (told["requested"], told["succeeded"]) == (gone, used)


@pytest.mark.parametrize("whose", [Run, Deployment])
def test_whatever_ends_with_it_counts_when_it_is_somebody_elses(
    otto: User,
    deployment: Deployment,
    policy: Policy,
    real_time: Timeline,
    world: Simulator,
    whose: type[Run | Deployment],
) -> None:
    for model in (Run, Deployment, Sampler):
        model.objects.update(owner_email=otto.email)
    whose.objects.update(owner_email="bo@example.com")
    row = Run.objects.get() if whose is Deployment else deployment
    noun = "runs" if whose is Deployment else "deployments"
    page = personas.login_as(otto).get(f"/w/acme/{noun}/{row.remote_id}/deactivation/")
    requirements = page.context["requirements"]
    assert requirements.typed_id == "It is bo@example.com's, not yours."
    assert requirements.approval == "It belongs to somebody else."


def test_two_admins_saving_at_once_leave_what_the_trail_says(
    acme: Workspace, alice: User, real_time: Timeline
) -> None:
    by = Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id="")
    Policy.objects.create(team=acme.team)
    stale = Policy.objects.get()
    stale.undo_seconds = 30
    fresh = Policy.objects.get()
    fresh.approve_others = True
    change_policy(fresh, by=by, now=real_time())
    change_policy(stale, by=by, now=real_time())
    told: dict[str, object] = {}
    for event in Event.objects.filter(action="team.policy").order_by("pk"):
        told |= dict(event.answer or {})["is"]
    kept = Policy.objects.get()
    assert told == {"approve_others": kept.approve_others, "undo_seconds": kept.undo_seconds}
    assert stored.verify_stored_chain(acme.slug).sequence >= 2


def test_one_damaged_trail_holds_up_no_other(
    acme: Workspace, otto: User, deployment: Deployment, policy: Policy, real_time: Timeline
) -> None:
    press(otto, deployment)
    other = Deactivation.objects.get()
    Chain.objects.filter(workspace=acme.slug).update(sequence=0)
    real_time.pass_(3 * 3600)
    tick(real_time)
    other.refresh_from_db()
    assert other.state == State.WAITING
    assert other.expires_at is not None
    assert other.expires_at + timedelta(seconds=1) < real_time()
