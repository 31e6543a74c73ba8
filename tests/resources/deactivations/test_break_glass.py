"""Breaking the glass: an admin passes over the policy, and is asked for no less than it asks."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Deployment, Run
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.deactivations.conftest import list_calls
from tests.resources.deactivations.requests import submit_form


@pytest.fixture
def own(deployment: Deployment, alice: User) -> Deployment:
    """Alice's, protected, with nothing to lose: the policy asks her for no ID."""
    Policy.objects.create(team=deployment.workspace.team, reason_required=False)
    Checkpoint.objects.update(sync_status="COMPLETE")
    for noun in (Deployment, Run):
        noun.objects.update(owner_email=alice.email)
    place = {"workspace": deployment.workspace, "remote_id": deployment.remote_id}
    Protection.objects.create(noun="deployment", since=timezone.now(), **place)
    return Deployment.objects.get(pk=deployment.pk)


def get_url(deployment: Deployment) -> str:
    args = [deployment.workspace.slug, "deployments", deployment.remote_id]
    return reverse("deactivations:new", args=args)


def test_it_asks_for_a_reason_and_the_id_also_where_the_policy_does_not(
    own: Deployment, alice: User, world: Simulator
) -> None:
    page = login_as(alice).get(get_url(own))
    assert [field.name for field in page.context["form"].asked] == ["seen", "reason"]
    asked = page.context["emergency"].asked
    assert [field.name for field in asked] == ["seen", "break_glass", "reason", "typed"]

    refused = submit_form(alice, own, break_glass="on", reason="", typed="dep_other")

    assert refused.status_code == 422
    assert refused.context["emergency"].errors == {
        "reason": ["Enter why this cannot wait."],
        "typed": [f"Type the deployment ID to confirm: {own.remote_id}."],
    }
    assert not refused.context["form"].errors
    assert (Deactivation.objects.count(), list_calls(world)) == (0, [])
    submit_form(alice, own, break_glass="on", reason="It burns.")
    done = Deactivation.objects.get()
    assert (done.state, done.broke_glass) == (State.SUCCEEDED, True)
    assert done.preflight["demands"] == ["a reason", "the typed ID", "a second person"]


def test_an_error_of_it_is_said_once_and_leads_to_its_own_field(
    own: Deployment, alice: User
) -> None:
    page = submit_form(alice, own, break_glass="on", reason="").content.decode()
    assert page.count("Enter why this cannot wait.") == 2  # in the summary and at the field
    assert page.count('href="#glass_reason"') == page.count('id="glass_reason"') == 1


def test_only_admins_are_offered_it_and_only_where_it_passes_over_something(
    own: Deployment, alice: User, otto: User
) -> None:
    assert login_as(otto).get(get_url(own)).context["emergency"] is None
    assert login_as(alice).get(get_url(own)).context["emergency"] is not None
    Protection.objects.all().delete()
    assert login_as(alice).get(get_url(own)).context["emergency"] is None


def test_what_changed_meanwhile_has_to_be_seen_for_it_too(own: Deployment, alice: User) -> None:
    browser: Client = login_as(alice)
    seen = browser.get(get_url(own)).context["emergency"]["seen"].value()
    Checkpoint.objects.update(sync_status="SYNCING")
    form = {"break_glass": "on", "reason": "It burns.", "typed": own.remote_id, "seen": seen}
    assert browser.post(get_url(own), form).status_code == 409
    part = browser.get(get_url(own), {"seen": seen}, headers={"HX-Target": "live"})
    assert part.content.decode().count('name="seen_now"') == 2
    assert Deactivation.objects.count() == 0
