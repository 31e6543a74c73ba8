"""Pages need the same number of queries for one row and for three."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.models import Deployment
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import CreateDeployments
from tests.resources.deactivations.requests import fill_batch_form, submit_form


def count_queries(browser: Client, url: str, data: dict[str, Any] | None = None) -> int:
    with CaptureQueriesContext(connection) as captured:
        browser.get(url, data)
    return len(captured)


@pytest.mark.usefixtures("owned_by_bo")
def test_the_list_of_requests(
    browser: Client,
    otto: User,
    acme: Workspace,
    deployment: Deployment,
    policy: Policy,
    real_time: Timeline,
) -> None:
    submit_form(otto, deployment)
    deactivation = Deactivation.objects.get()
    url = reverse("deactivations:list", args=[acme.slug])
    count_queries(browser, url)
    one = count_queries(browser, url)
    for number in range(2):
        deactivation.pk = None
        deactivation.incident = f"00000000-0000-0000-0000-00000000000{number}"
        deactivation.target_remote_id = f"dep_{number}"
        deactivation.save(force_insert=True)
    assert (count_queries(browser, url), browser.get(url).context["query"].number) == (one, 1)


@pytest.mark.parametrize("page", ["preview", "batch"])
def test_batches(
    create_deployments: CreateDeployments, acme: Workspace, browser: Client, page: str
) -> None:
    url = reverse("deactivations:bulk", args=[acme.slug, "deployments"])
    ids = [row.remote_id for row in create_deployments(4)]

    def count(chosen: list[str]) -> int:
        if page == "preview":
            return count_queries(browser, url, {"id": chosen})
        response = browser.post(url, fill_batch_form(browser, url, chosen))
        return count_queries(browser, response.headers["Location"])

    browser.get(url, {"id": ids})
    assert count(ids[:1]) == count(ids[1:])
