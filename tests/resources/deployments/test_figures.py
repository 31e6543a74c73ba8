"""A deployment's GPUs and cost are those of trainer and sampler, or say what they count."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.json_api.schemas import RESOURCES
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.deployments.run_pairing import (
    ON_SHARED_GPUS,
    PAIR,
    TRAINER_ONLY,
    Figures,
    pair_runs,
    price_deployments,
    select_with_prices,
)
from loopsweb.resources.models import Catalogue, Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey
from tests.resources.rows import FIRST_SEEN_AT, add_row

TRAINER = {"status": "RUNNING", "instance_id": "h100", "gpu_count": 8, "node_count": 2}
SAMPLER = {"status": "ACTIVE", "instance_id": "l4", "gpu_count": 4, "node_count": 1}


@pytest.fixture
def prices(acme: Workspace) -> None:
    Catalogue.objects.create(
        workspace=acme, prices={"h100": "0.10", "l4": "0.01"}, as_of=FIRST_SEEN_AT
    )


def get_figures(acme: Workspace) -> Figures:
    [line] = price_deployments(select_with_prices(acme))
    return line.figures


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize("named_by", ["deployment", "run"])
def test_both_halves_count(named_by: str, acme: Workspace) -> None:
    names = {"deployment": {"sampler_remote_id": "samp"}, "run": {"active_run_remote_id": "run"}}
    add_row(Deployment, acme, "dep", **TRAINER, **names[named_by], gpu_type="H100")
    add_row(Sampler, acme, "samp", **SAMPLER, run_remote_id="run", gpu_type="L4")
    figures = get_figures(acme)
    assert (figures.gpus_held, figures.gpus_of, figures.gpu_type) == (20, PAIR, "")
    assert (figures.cost_per_hour, figures.cost_of) == (Decimal("12.60"), PAIR)
    assert assess_impact(Deployment.objects.get()).figures == figures


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize(
    "sampler", [None, {"gpu_count": None}, {"status": ""}, {"missing_since": FIRST_SEEN_AT}]
)
def test_without_the_samplers_figures_they_are_the_trainers(
    sampler: dict[str, Any] | None, acme: Workspace
) -> None:
    add_row(Deployment, acme, "dep", **TRAINER, sampler_remote_id="samp")
    if sampler is not None:
        add_row(Sampler, acme, "samp", **SAMPLER | sampler)
    figures = get_figures(acme)
    assert (figures.gpus_held, figures.gpus_of) == (16, TRAINER_ONLY)
    assert (figures.cost_per_hour, figures.cost_of) == (Decimal("12.00"), TRAINER_ONLY)


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize(
    ("status", "has_sampler", "gpus"),
    [("RUNNING", False, 16), ("STOPPED", True, 0), ("SCALED_TO_ZERO", True, 4)],
)
def test_a_pair_without_a_sampler_or_that_has_ended_is_whole(
    status: str, has_sampler: bool, gpus: int, acme: Workspace
) -> None:
    add_row(Deployment, acme, "dep", **TRAINER | {"status": status}, sampler_remote_id="samp")
    add_row(Sampler, acme, "samp", **SAMPLER)
    if not has_sampler:
        Deployment.objects.update(raw={"id": "dep", "sampler": None}, sampler_remote_id="")
    assert (get_figures(acme).gpus_held, get_figures(acme).gpus_of) == (gpus, PAIR)


@pytest.mark.usefixtures("prices")
def test_a_listed_sampler_of_the_run_counts_where_the_deployment_names_none(
    acme: Workspace,
) -> None:
    add_row(Deployment, acme, "dep", **TRAINER, active_run_remote_id="run")
    Deployment.objects.update(raw={"id": "dep", "sampler": None})
    add_row(Sampler, acme, "samp", **SAMPLER, run_remote_id="run")
    assert (get_figures(acme).gpus_held, get_figures(acme).gpus_of) == (20, PAIR)
    Sampler.objects.update(missing_since=FIRST_SEEN_AT)
    assert (get_figures(acme).gpus_held, get_figures(acme).gpus_of) == (16, PAIR)


@pytest.mark.parametrize("named_as", ["active_run_remote_id", "latest_run_remote_id"])
@pytest.mark.parametrize("statuses", [("RUNNING", "PREEMPTED"), ("PREEMPTED", "RUNNING")])
def test_a_run_is_paired_with_the_deployment_that_has_not_ended(
    statuses: tuple[str, str], named_as: str, acme: Workspace
) -> None:
    add_row(Run, acme, "run", status="ACTIVE")
    for status in statuses:
        names = {named_as: "run"} if status == "RUNNING" else {"active_run_remote_id": "run"}
        add_row(Deployment, acme, status, **TRAINER | {"status": status}, **names)
    [pair] = pair_runs(acme, [Run.objects.get()])
    assert pair.deployment
    assert (pair.deployment.status, pair.figures.gpus_held) == ("RUNNING", 16)


def test_pages_files_and_the_json_api_agree(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Callable[..., int]
) -> None:
    run = world.world.add_run(id="run")
    world.world.add_deployment(id="dep", run=run)
    add_key()
    poll()
    browser: Client = login_as(alice)
    figures = get_figures(acme)
    gpus, cost = figures.gpus_held, figures.cost_per_hour
    assert (gpus, figures.gpus_of, figures.cost_of) == (3, PAIR, PAIR)
    [pair] = pair_runs(acme, [Run.objects.get()])
    assert pair.figures == figures
    for path in (
        *("", "runs/", "runs/run/", "deployments/", "deployments/dep/"),
        "deployments/dep/deactivation/",
    ):
        text = re.sub(r"\s+", " ", strip_tags(browser.get(f"/w/acme/{path}").content.decode()))
        shown = "GPUs freed3 " if "deactivation" in path else "3 H100 trainer 2, sampler 1"
        assert shown in text, path
        assert f"${cost:,.2f}" in text, path
    for noun in ("runs", "deployments"):
        answer: Any = browser.post(f"/w/acme/{noun}/")
        [row] = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
        assert (row["gpus_held"], Decimal(row["usd_per_hour"])) == (str(gpus), cost)
        assert (row["gpus_of"], row["usd_of"]) == (PAIR, PAIR)
    [item] = RESOURCES["deployments"].serialize(list(select_with_prices(acme)))
    assert (item["gpus_held"], item["gpus_of"], item["cost_of"]) == (gpus, PAIR, PAIR)
    assert cost
    assert item["cost_per_hour"] == float(cost)


def test_what_is_serverless_has_no_gpus_costs_nothing_idle_and_says_so(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Callable[..., int]
) -> None:
    sampler = world.world.add_sampler(id="samp", serverless=True)
    world.world.add_run(id="run", sampler=world.world.add_sampler(serverless=True))
    add_key()
    poll()
    [pair] = pair_runs(acme, [Run.objects.get()])
    assert pair.figures == ON_SHARED_GPUS
    row = Sampler.objects.get(remote_id=sampler.id)
    assert (row.is_serverless, row.gpus_held) == (True, 0)
    assert assess_impact(row).figures == ON_SHARED_GPUS
    browser: Client = login_as(alice)
    for path in ("runs/", "samplers/", "runs/run/", "samplers/samp/"):
        assert "serverless" in browser.get(f"/w/acme/{path}").content.decode(), path
    for path in ("runs/", "samplers/samp/", "samplers/samp/deactivation/"):
        assert "billed per token" in browser.get(f"/w/acme/{path}").content.decode(), path
    text = re.sub(r"\s+", " ", strip_tags(browser.get("/w/acme/").content.decode()))
    assert "GPUs in use0 " in text
