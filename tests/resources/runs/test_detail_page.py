from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.deployments.run_pairing import NO_GPUS, UNKNOWN, pair_runs
from loopsweb.resources.models import Catalogue, Deployment, Run
from tests.personas import login_as
from tests.resources.rows import add_row

NOW = datetime(2026, 11, 23, 21, 17, tzinfo=UTC)


@pytest.fixture
def prices(acme: Workspace) -> None:
    Catalogue.objects.create(workspace=acme, prices={"h100": "0.10"}, as_of=NOW)


def deployment(acme: Workspace, **fields: object) -> Deployment:
    known: dict[str, object] = {"status": "RUNNING", "gpu_count": 8, "node_count": 2}
    return add_row(Deployment, acme, "dep", **(known | {"instance_id": "h100"} | fields))


@pytest.mark.usefixtures("prices")
def test_a_run_costs_what_its_deployment_costs(acme: Workspace) -> None:
    deployment(acme, active_run_remote_id="r1")
    [pair] = pair_runs(
        acme, [add_row(Run, acme, "r1", deployment_remote_id="dep", status="ACTIVE")]
    )
    assert (pair.figures.gpus_held, pair.figures.cost_per_hour) == (16, Decimal("12.00"))


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize(
    ("status", "active"), [("INACTIVE", ""), ("INACTIVE", "r2"), ("ACTIVE", "r2")]
)
def test_a_deployment_that_serves_another_run_costs_this_one_nothing(
    status: str, active: str, acme: Workspace
) -> None:
    deployment(acme, active_run_remote_id=active, latest_run_remote_id="r2")
    run = add_row(Run, acme, "r1", deployment_remote_id="dep", status=status)
    [pair] = pair_runs(acme, [run])
    assert (pair.is_current, pair.figures) == (False, NO_GPUS)


def test_unknown_costs_are_not_zero(acme: Workspace) -> None:
    deployment(acme, active_run_remote_id="r1", gpu_count=None)
    first, second = pair_runs(acme, [add_row(Run, acme, "r1"), add_row(Run, acme, "r2")])
    assert first.figures == UNKNOWN
    assert (second.deployment, second.figures) == (None, UNKNOWN)


def test_a_deployment_that_names_its_run_is_paired_with_it(acme: Workspace) -> None:
    dep = deployment(acme, active_run_remote_id="r1")
    [pair] = pair_runs(acme, [add_row(Run, acme, "r1")])
    assert pair.deployment == dep


@pytest.mark.parametrize(
    ("who", "status", "active", "offered"),
    [
        ("otto", "ACTIVE", "r1", True),
        ("otto", "ACTIVE", "", True),
        ("otto", "INACTIVE", "", False),
        ("otto", "ACTIVE", "r2", False),
        ("vic", "ACTIVE", "r1", False),
    ],
)
def test_a_run_page_never_offers_to_stop_another_run(
    who: str, status: str, active: str, offered: bool, acme: Workspace, otto: User, vic: User
) -> None:
    deployment(acme, active_run_remote_id=active)
    add_row(Run, acme, "r1", deployment_remote_id="dep", status=status)
    browser: Client = login_as({"otto": otto, "vic": vic}[who])
    page = browser.get(reverse("runs:detail", args=[acme.slug, "r1"])).content.decode()
    stop = reverse("deactivations:new", args=[acme.slug, "deployments", "dep"])
    assert (f'href="{stop}"' in page) is offered
