"""Which base models the forms offer, what they refuse before sending, and what is said of cost."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.models import Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.resources.conftest import Timeline
from tests.resources.pages.new_forms import KIMI, QWEN, list_sent, read_page, submit
from tests.resources.rows import add_row

KIMI_REFUSAL = f"{KIMI} is not enabled for this organisation. Not yet. Ask support."
LENGTH = {"runs": "max_seq_len", "samplers": "max_seq_length"}
BOTH = pytest.mark.parametrize("noun", sorted(LENGTH))


def fill_catalogue(workspace: Workspace, clock: Timeline, *models: dict[str, Any]) -> None:
    Catalogue.objects.create(
        workspace=workspace,
        supported_models=list(models),
        prices={"h100-2": "0.1", "h100-1": "0.05"},
        as_of=clock(),
    )


LONGEST: list[tuple[dict[str, Any], int]] = [
    ({"max_context_length": 100}, 100),
    ({"max_seq_len": 90, "max_context_length": 100}, 90),
    ({"max_seq_len": 90, "max_enabled_seq_len": 80}, 80),
]


@BOTH
def test_a_sequence_too_long_for_the_model_is_not_sent(
    creator: Client, acme: Workspace, world: Simulator, clock: Timeline, fields: dict[str, str],
    noun: str,
) -> None:  # fmt: skip
    fill_catalogue(acme, clock)
    for said, longest in LONGEST:
        Catalogue.objects.update(supported_models=[{"model_name": QWEN, **said}])
        world.requests.clear()
        answer = submit(creator, noun, fields | {LENGTH[noun]: longest + 1})
        error = f"{QWEN} takes at most {longest} tokens."
        assert answer.context["form"].errors == {LENGTH[noun]: [error]}
        assert list_sent(world) == []
        assert submit(creator, noun, fields | {LENGTH[noun]: longest}).status_code == 302


@BOTH
def test_a_model_may_have_no_known_maximum(
    creator: Client, acme: Workspace, clock: Timeline, fields: dict[str, str], noun: str
) -> None:
    fill_catalogue(acme, clock, {"model_name": QWEN, "max_context_length": None})
    page = creator.get(f"/w/acme/{noun}/new/")
    assert (page.status_code, "None" in page.content.decode()) == (200, False)
    assert submit(creator, noun, fields | {LENGTH[noun]: 1000}).status_code == 302


@BOTH
@pytest.mark.parametrize("state", [{"enabled": False}, {"max_enabled_seq_len": 0}])
def test_a_model_that_is_not_enabled_is_told_and_refused(
    creator: Client, acme: Workspace, world: Simulator, clock: Timeline, fields: dict[str, str],
    noun: str, state: dict[str, Any],
) -> None:  # fmt: skip
    details = {
        "reason": "needs_approval",
        "reason_detail": "Not yet",
        "remediation": "Ask support.",
    }
    model = {"model_name": KIMI, "max_seq_len": 9, "enablement_details": details, **state}
    fill_catalogue(acme, clock, {"model_name": QWEN}, model)
    assert KIMI_REFUSAL in read_page(creator, noun)
    answer = submit(creator, noun, fields | {"base_model": KIMI})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"base_model": [KIMI_REFUSAL]}
    assert list_sent(world) == []


def test_a_model_without_serverless_capacity_is_told_and_refused(
    creator: Client, acme: Workspace, world: Simulator, clock: Timeline, fields: dict[str, str]
) -> None:
    fill_catalogue(acme, clock, {"model_name": QWEN, "serverless": False})
    told = f"{QWEN} has no serverless capacity here."
    assert told in estimate(creator, "runs", base_model=QWEN, scope="serverless")
    answer = submit(creator, "runs", fields | {"scope": "serverless"})
    assert (answer.context["form"].errors, list_sent(world)) == ({"scope": [told]}, [])


def estimate(creator: Client, noun: str, **query: str) -> str:
    headers = {"hx-request": "true", "hx-target": "estimate"}
    part = creator.get(f"/w/acme/{noun}/new/", query, headers=headers).content.decode()
    assert part.strip().startswith('<div class="explained')
    return " ".join(unescape(part).partition(">")[2].split())


def test_the_cost_per_hour_is_that_of_the_newest_machines(
    creator: Client, acme: Workspace, clock: Timeline
) -> None:
    fill_catalogue(acme, clock, {"model_name": QWEN, "serverless": True}, {"model_name": KIMI})
    machine = {"base_model": QWEN, "instance_name": "H100"}
    add_row(Deployment, acme, "d", instance_id="h100-2", node_count=2, **machine)
    add_row(Sampler, acme, "s", instance_id="h100-1", **machine)
    add_row(Deployment, acme, "k", base_model=KIMI, instance_id="unpriced", instance_name="B200")
    run = estimate(creator, "runs", base_model=QWEN)
    assert "Cost per hour: about $15.00" in run
    assert "Trainer: 2 \N{MULTIPLICATION SIGN} H100, $12.00. " in run
    assert "Sampler: 1 \N{MULTIPLICATION SIGN} H100, $3.00. " in run
    assert "It may also get serverless capacity" in run
    assert "about $3.00" in estimate(creator, "samplers", base_model=QWEN)
    add_row(Run, acme, "r", base_model=QWEN)
    assert "about $3.00" in estimate(creator, "samplers", run_id="r")
    assert "choose a base model" in estimate(creator, "samplers", run_id="nowhere\0")
    kimi = estimate(creator, "runs", base_model=KIMI)
    assert "Cost per hour: unknown" in kimi
    assert "Trainer: 1 \N{MULTIPLICATION SIGN} B200, price unknown. Sampler: unknown." in kimi
    assert "not known" in estimate(creator, "samplers", base_model=KIMI)
    serverless = estimate(creator, "runs", base_model=QWEN, scope="serverless")
    assert "Billed per token." in serverless
    assert "$" not in serverless
    assert "choose a base model" in estimate(creator, "runs")


REPLICAS: list[tuple[str, dict[str, str], str]] = [
    ("runs", {"replicas": "3"}, "about $39.00"),
    ("runs", {"sampler_num_replicas": "2"}, "about $18.00"),
    ("runs", {"replicas": "2", "sampler_num_replicas": "2"}, "about $30.00"),
    ("runs", {"trainer_only": "on"}, "about $12.00"),
    ("runs", {"trainer_only": "on", "replicas": "2"}, "about $24.00"),
    ("runs", {"replicas": "0"}, "about $15.00"),
    ("runs", {"replicas": "x"}, "about $15.00"),
    ("samplers", {"num_replicas": "4"}, "about $12.00"),
]


def test_the_cost_per_hour_is_that_of_all_replicas(
    creator: Client, acme: Workspace, clock: Timeline, fields: dict[str, str]
) -> None:
    fill_catalogue(acme, clock, {"model_name": QWEN})
    add_row(Deployment, acme, "d", instance_id="h100-2", node_count=2, base_model=QWEN)
    add_row(Sampler, acme, "s", instance_id="h100-1", base_model=QWEN)
    for noun, given, cost in REPLICAS:
        said = estimate(creator, noun, base_model=QWEN, **given)
        assert f"Cost per hour: {cost}<" in said, given
        assert ("Sampler:" in said) == ("trainer_only" not in given)
    answer = submit(creator, "runs", fields | {"replicas": "2", "seed": "x"})
    assert "about $27.00" in answer.content.decode()
