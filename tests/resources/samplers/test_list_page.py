from __future__ import annotations

import pytest
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Sampler
from tests.personas import login_as
from tests.resources.rows import add_row


@pytest.mark.parametrize(
    ("query", "listed"),
    [("", {"s1", "s2"}), ("?pairing=paired", {"s1"}), ("?pairing=alone", {"s2"})],
)
def test_samplers_are_filtered_by_pairing(
    acme: Workspace, alice: User, query: str, listed: set[str]
) -> None:
    add_row(Sampler, acme, "s1", run_remote_id="r1")
    add_row(Sampler, acme, "s2")

    page = login_as(alice).get(reverse("samplers:list", args=[acme.slug]) + query)

    assert {
        row.remote_id
        for row in Sampler.objects.all()
        if f"/{row.remote_id}/" in page.content.decode()
    } == listed


@pytest.mark.parametrize(
    ("status", "held"),
    [("ACTIVE", 8), ("ODD", 8), ("SCALED_TO_ZERO", 0), ("FAILED", 0), ("", None)],
)
def test_gpus_of_a_sampler_by_status(acme: Workspace, status: str, held: int | None) -> None:
    row = add_row(Sampler, acme, "s1", status=status, gpu_count=4, node_count=2)
    assert row.gpus_held == held
