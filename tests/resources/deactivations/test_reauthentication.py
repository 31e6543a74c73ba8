from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User
from loopsweb.resources.deactivations.models import Deactivation
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
