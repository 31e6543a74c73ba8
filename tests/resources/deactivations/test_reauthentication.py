from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Deployment, Run
from tests.resources.deactivations.requests import fill_batch_form
from tests.test_fresh_confirmation import is_asked, sign_in_long_ago


@pytest.fixture
def stale(deployment: Deployment, alice: User) -> Client:
    return sign_in_long_ago(alice)


@pytest.mark.parametrize(
    ("owner", "asks"),
    [("alice@example.com", False), ("bo@example.com", True), ("", True)],
)
@pytest.mark.parametrize("at_once", ["one", "several"])
def test_ending_what_is_not_ones_own_needs_a_recent_confirmation(
    at_once: str, owner: str, asks: bool, stale: Client, deployment: Deployment
) -> None:
    Deployment.objects.update(owner_email=owner)
    Run.objects.update(owner_email=owner)
    slug = deployment.workspace.slug
    if at_once == "one":
        url = reverse("deactivations:new", args=[slug, "deployments", deployment.remote_id])
        form = {"reason": "idle", "typed": deployment.remote_id}
    else:
        url = reverse("deactivations:bulk", args=[slug, "deployments"])
        form = fill_batch_form(stale, url, [deployment.remote_id])

    response = stale.post(url, form)

    assert response.status_code == 302
    assert is_asked(response) == asks
    assert Deactivation.objects.count() == (0 if asks else 1)


@pytest.mark.parametrize("approve_protected", [True, False])
def test_breaking_the_glass_needs_a_recent_confirmation_for_ones_own_too(
    approve_protected: bool, stale: Client, deployment: Deployment, alice: User
) -> None:
    workspace = deployment.workspace
    Policy.objects.create(team=workspace.team, approve_protected=approve_protected)
    Deployment.objects.update(owner_email=alice.email)
    Run.objects.update(owner_email=alice.email)
    Protection.objects.create(
        workspace=workspace,
        noun="deployment",
        remote_id=deployment.remote_id,
        person=alice.email,
        since=timezone.now(),
    )
    url = reverse("deactivations:new", args=[workspace.slug, "deployments", deployment.remote_id])

    response = stale.post(
        url, {"reason": "it burns", "typed": deployment.remote_id, "break_glass": "on"}
    )

    assert is_asked(response)
    assert Deactivation.objects.count() == 0
