"""The checks before a request is sent: audit trail, policy, requester and approver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.signals import post_save
from django.urls import reverse

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.models import Chain, Event
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.cancellation import NOT_IN_TRAIL
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests import personas
from tests.personas import add_key, login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import list_calls, run_tick
from tests.resources.deactivations.requests import submit_decision, submit_form

pytestmark = pytest.mark.usefixtures("owned_by_bo")
UNDO = 600  # seconds
LATER = UNDO + 300  # after it is due, however long the pages took, and before it expires


@pytest.fixture
def undo_policy(acme: Workspace) -> Policy:
    return Policy.objects.create(team=acme.team, undo_seconds=UNDO)


def protect(deployment: Deployment, now: Timeline) -> None:
    Protection.objects.create(
        workspace=deployment.workspace, noun="deployment", remote_id=deployment.remote_id,
        person="alice@example.com", since=now(),
    )  # fmt: skip


def need_approval(acme: Workspace, bo: User) -> None:
    Policy.objects.update(approve_others=True)


def need_mfa(acme: Workspace, bo: User) -> None:
    acme.team.second_factor_required = True
    acme.team.save()


POLICY_CHANGES: dict[str, Callable[[Workspace, User], None]] = {
    "A second person has not approved it. It belongs to somebody else.": need_approval,
    "The requester has not set up two-factor authentication, which this team requires.": need_mfa,
}


@pytest.mark.parametrize("why", POLICY_CHANGES)
def test_policy_changes_apply_to_waiting_requests(
    acme: Workspace,
    otto: User,
    deployment: Deployment,
    undo_policy: Policy,
    real_time: Timeline,
    world: Simulator,
    why: str,
) -> None:
    submit_form(otto, deployment)
    POLICY_CHANGES[why](acme, otto)
    real_time.pass_(LATER)
    run_tick(real_time)
    deactivation = Deactivation.objects.get()
    assert (deactivation.state, deactivation.answer, list_calls(world)) == (
        State.WITHDRAWN,
        {"error": why},
        [],
    )
    withdrawn = Event.objects.get(incident=deactivation.incident, outcome="withdrawn")
    assert (withdrawn.person, withdrawn.address) == ("", "")


def test_the_approver_still_needs_permission(
    acme: Workspace,
    otto: User,
    deployment: Deployment,
    undo_policy: Policy,
    real_time: Timeline,
    world: Simulator,
) -> None:
    Policy.objects.update(approve_others=True)
    bo = personas.create_member(acme, name="bo", role=Role.OPERATOR)
    submit_form(otto, deployment)
    assert submit_decision(bo, Deactivation.objects.get(), "approval") == 302
    Membership.objects.filter(user=bo).delete()
    real_time.pass_(LATER)
    run_tick(real_time)
    deactivation = Deactivation.objects.get()
    assert (deactivation.state, list_calls(world)) == (State.WITHDRAWN, [])
    assert deactivation.answer == {"error": "The approver no longer has permission."}


def test_a_request_that_the_policy_now_forbids_cannot_be_approved(
    acme: Workspace,
    otto: User,
    alice: User,
    deployment: Deployment,
    undo_policy: Policy,
    real_time: Timeline,
) -> None:
    protect(deployment, real_time)
    submit_form(otto, deployment)
    deactivation = Deactivation.objects.get()
    Policy.objects.update(approve_protected=False)
    assert submit_decision(alice, deactivation, "approval") == 409
    deactivation.refresh_from_db()
    assert deactivation.state == State.WAITING


def test_a_protection_added_during_the_request_withdraws_it(
    otto: User,
    deployment: Deployment,
    undo_policy: Policy,
    real_time: Timeline,
    world: Simulator,
) -> None:
    def protect_after_creation(created: bool, **_: object) -> None:
        if created:
            protect(deployment, real_time)

    post_save.connect(protect_after_creation, sender=Deactivation)
    try:
        Policy.objects.update(undo_seconds=0)
        assert submit_form(otto, deployment).status_code == 302
    finally:
        post_save.disconnect(protect_after_creation, sender=Deactivation)
    deactivation = Deactivation.objects.get()
    assert (deactivation.state, list_calls(world)) == (State.WITHDRAWN, [])
    assert deactivation.answer == {
        "error": "More would be deactivated or lost than the requester saw. protected: "
        + deployment.remote_id
    }


def test_what_was_not_sent_can_be_requested_again(
    otto: User, vic: User, deployment: Deployment, undo_policy: Policy
) -> None:
    submit_form(otto, deployment)
    request = Deactivation.objects.get()
    record = request.get_absolute_url()
    args = [deployment.workspace.slug, "deployments", deployment.remote_id]
    form = reverse("deactivations:new", args=args)
    link = f'href="{form}?again=1">Request it again'
    as_otto, as_vic = login_as(otto), login_as(vic)
    assert link not in as_otto.get(record).text
    assert submit_decision(otto, request, "withdrawal") == 302
    assert link in as_otto.get(record).text
    assert link not in as_vic.get(record).text
    assert as_otto.get(form, {"again": "1"}).context["form"]["reason"].value() == "idle"
    submit_form(otto, deployment)
    other = Deactivation.objects.latest("pk").get_absolute_url()
    assert link not in as_otto.get(record).text
    assert f'href="{other}">View the open request' in as_otto.get(record).text
    Deployment.objects.update(status="STOPPED")
    assert link not in as_otto.get(record).text


def test_a_request_missing_from_the_audit_trail_is_not_sent(
    acme: Workspace, alice: User, deployment: Deployment, real_time: Timeline, world: Simulator
) -> None:
    now = real_time()
    row = Deactivation.objects.create(
        workspace=acme, noun="deployment", target_remote_id=deployment.remote_id, state=State.DUE,
        person=alice.email, role="admin", requested_at=now, due_at=now, state_since=now, ask_at=now,
    )  # fmt: skip
    assert run_tick(real_time) == 1
    row.refresh_from_db()
    assert (row.state, list_calls(world)) == (State.EXPIRED, [])
    event = Event.objects.get(target_id=deployment.remote_id)
    assert (event.outcome, event.person) == ("refused", "")
    assert event.answer == {"error": NOT_IN_TRAIL}


def test_a_request_marked_as_due_without_approval_is_withdrawn(
    otto: User, deployment: Deployment, policy: Policy, real_time: Timeline, world: Simulator
) -> None:
    submit_form(otto, deployment)
    now = real_time()
    Deactivation.objects.update(state=State.DUE, due_at=now, ask_at=now)
    real_time.pass_(1)
    run_tick(real_time)
    assert (Deactivation.objects.get().state, list_calls(world)) == (State.WITHDRAWN, [])


def test_the_audit_trail_names_the_key_that_was_used(
    acme: Workspace,
    otto: User,
    alice: User,
    deployment: Deployment,
    policy: Policy,
    real_time: Timeline,
    world: Simulator,
) -> None:
    world.world.add_key("ottos-secret-key-0001", world.world.users[0])
    own_key = add_key(otto, workspace=acme, secret="ottos-secret-key-0001", now=real_time())
    submit_form(otto, deployment)
    deactivation = Deactivation.objects.get()
    assert submit_decision(alice, deactivation, "approval") == 302
    by = Actor(workspace=acme.slug, person=otto.email, role="operator", address="", request_id="")
    removed = own_key.fingerprint
    keys.remove(key=own_key, by=by, now=real_time())
    real_time.pass_(5)
    run_tick(real_time)
    assert len(list_calls(world)) == 1
    fingerprints = dict(
        Event.objects.filter(incident=deactivation.incident).values_list(
            "outcome", "key_fingerprint"
        )
    )
    used = Key.objects.get().fingerprint
    assert (fingerprints["requested"], fingerprints["succeeded"]) == (removed, used)


@pytest.mark.parametrize("model_of_bo", [Run, Deployment])
def test_the_owners_of_everything_that_ends_count(
    otto: User,
    deployment: Deployment,
    policy: Policy,
    real_time: Timeline,
    world: Simulator,
    model_of_bo: type[Run | Deployment],
) -> None:
    for model in (Run, Deployment, Sampler):
        model.objects.update(owner_email=otto.email)
    model_of_bo.objects.update(owner_email="bo@example.com")
    row = Run.objects.get() if model_of_bo is Deployment else deployment
    noun = "runs" if model_of_bo is Deployment else "deployments"
    page = personas.login_as(otto).get(f"/w/acme/{noun}/{row.remote_id}/deactivation/")
    requirements = page.context["requirements"]
    assert requirements.typed_id == "It belongs to bo@example.com, not to you."
    assert requirements.approval == "It belongs to somebody else."


def test_a_damaged_chain_does_not_stop_the_worker(
    acme: Workspace, otto: User, deployment: Deployment, policy: Policy, real_time: Timeline
) -> None:
    submit_form(otto, deployment)
    other = Deactivation.objects.get()
    Chain.objects.filter(workspace=acme.slug).update(sequence=0)
    real_time.pass_(3 * 3600)
    run_tick(real_time)
    other.refresh_from_db()
    assert other.state == State.WAITING
    assert other.expires_at is not None
    assert other.expires_at + timedelta(seconds=1) < real_time()
