"""What the forms of runs and samplers offer, refuse before sending, and say about cost."""

from __future__ import annotations

import uuid
from html import unescape
from typing import Any

import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.description_lists import parse_facts
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline
from tests.resources.rows import add_row

QWEN, KIMI = "Qwen/Qwen3-8B", "moonshotai/Kimi-K2-Instruct"
KIMI_REFUSAL = f"{KIMI} is not enabled for this organisation. Not yet. Ask support."
LENGTH = {"runs": "max_seq_len", "samplers": "max_seq_length"}
BOTH = pytest.mark.parametrize("noun", sorted(LENGTH))


@pytest.fixture
def browser(world: Simulator, alice: User, acme: Workspace, add_key: AddKey) -> Client:
    add_key()
    return login_as(alice)


@pytest.fixture
def fields(world: Simulator) -> dict[str, str]:
    return {"session_id": world.world.add_session().id, "base_model": QWEN}


def fill_catalogue(workspace: Workspace, clock: Timeline, *models: dict[str, Any]) -> None:
    Catalogue.objects.create(
        workspace=workspace,
        supported_models=list(models),
        prices={"h100-2": "0.1", "h100-1": "0.05"},
        as_of=clock(),
    )


def submit(browser: Client, noun: str, fields: dict[str, Any]) -> Any:
    return browser.post(f"/w/acme/{noun}/new/", {"once": str(uuid.uuid4())} | fields)


def sent_bodies(world: Simulator) -> list[tuple[str, Any]]:
    posts = [one for one in world.requests if one.method == "POST"]
    return [(one.path.removeprefix("/v1/loops/"), one.parse_body()) for one in posts]


def page_text(browser: Client, noun: str, **query: str) -> str:
    return " ".join(unescape(browser.get(f"/w/acme/{noun}/new/", query).content.decode()).split())


LONGEST: list[tuple[dict[str, Any], int]] = [
    ({"max_context_length": 100}, 100),
    ({"max_seq_len": 90, "max_context_length": 100}, 90),
    ({"max_seq_len": 90, "max_enabled_seq_len": 80}, 80),
]


@BOTH
def test_a_sequence_too_long_for_the_model_is_not_sent(
    browser: Client, acme: Workspace, world: Simulator, clock: Timeline, fields: dict[str, str],
    noun: str,
) -> None:  # fmt: skip
    fill_catalogue(acme, clock)
    for said, longest in LONGEST:
        Catalogue.objects.update(supported_models=[{"model_name": QWEN, **said}])
        world.requests.clear()
        answer = submit(browser, noun, fields | {LENGTH[noun]: longest + 1})
        error = f"{QWEN} takes at most {longest} tokens."
        assert answer.context["form"].errors == {LENGTH[noun]: [error]}
        assert sent_bodies(world) == []
        assert submit(browser, noun, fields | {LENGTH[noun]: longest}).status_code == 302


@BOTH
def test_a_model_may_have_no_known_maximum(
    browser: Client, acme: Workspace, clock: Timeline, fields: dict[str, str], noun: str
) -> None:
    fill_catalogue(acme, clock, {"model_name": QWEN, "max_context_length": None})
    page = browser.get(f"/w/acme/{noun}/new/")
    assert (page.status_code, "None" in page.content.decode()) == (200, False)
    assert submit(browser, noun, fields | {LENGTH[noun]: 1000}).status_code == 302


@BOTH
@pytest.mark.parametrize("state", [{"enabled": False}, {"max_enabled_seq_len": 0}])
def test_a_model_that_is_not_enabled_is_told_and_refused(
    browser: Client, acme: Workspace, world: Simulator, clock: Timeline, fields: dict[str, str],
    noun: str, state: dict[str, Any],
) -> None:  # fmt: skip
    details = {
        "reason": "needs_approval",
        "reason_detail": "Not yet",
        "remediation": "Ask support.",
    }
    model = {"model_name": KIMI, "max_seq_len": 9, "enablement_details": details, **state}
    fill_catalogue(acme, clock, {"model_name": QWEN}, model)
    assert KIMI_REFUSAL in page_text(browser, noun)
    answer = submit(browser, noun, fields | {"base_model": KIMI})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"base_model": [KIMI_REFUSAL]}
    assert sent_bodies(world) == []


def estimate(browser: Client, noun: str, **query: str) -> str:
    headers = {"hx-request": "true", "hx-target": "estimate"}
    part = browser.get(f"/w/acme/{noun}/new/", query, headers=headers).content.decode()
    assert part.strip().startswith('<div class="explained')
    return " ".join(unescape(part).partition(">")[2].split())


def test_the_cost_per_hour_is_that_of_the_newest_machines(
    browser: Client, acme: Workspace, clock: Timeline
) -> None:
    fill_catalogue(acme, clock, {"model_name": QWEN, "serverless": True}, {"model_name": KIMI})
    machine = {"base_model": QWEN, "instance_name": "H100"}
    add_row(Deployment, acme, "d", instance_id="h100-2", node_count=2, **machine)
    add_row(Sampler, acme, "s", instance_id="h100-1", **machine)
    add_row(Deployment, acme, "k", base_model=KIMI, instance_id="unpriced", instance_name="B200")
    run = estimate(browser, "runs", base_model=QWEN)
    assert "Cost per hour: about $15.00" in run
    assert "Trainer: 2 \N{MULTIPLICATION SIGN} H100, $12.00. " in run
    assert "Sampler: 1 \N{MULTIPLICATION SIGN} H100, $3.00. " in run
    assert "It may also get serverless capacity" in run
    assert "about $3.00" in estimate(browser, "samplers", base_model=QWEN)
    kimi = estimate(browser, "runs", base_model=KIMI)
    assert "Cost per hour: unknown" in kimi
    assert "Trainer: 1 \N{MULTIPLICATION SIGN} B200, price unknown. Sampler: unknown." in kimi
    assert "not known" in estimate(browser, "samplers", base_model=KIMI)
    serverless = estimate(browser, "runs", base_model=QWEN, scope="serverless")
    assert "Billed per token." in serverless
    assert "$" not in serverless
    assert "choose a base model" in estimate(browser, "runs")


SENT: list[tuple[str, dict[str, Any], str]] = [
    ("runs", {"seed": 0, "lora_rank": 8, "scale_down_delay_seconds": 1}, "runs"),
    ("runs", {"name": "n", "sampler_num_replicas": 2, "replicas": 3}, "runs"),
    ("runs", {"availability_model": "spot", "scope": "deployment"}, "runs"),
    ("runs", {"trainer_only": "on"}, "trainers"),
    ("runs", {"trainer_only": "on", "base_checkpoint": "hf://org/repo@main"}, "trainers"),
    ("samplers", {"num_replicas": 2, "availability_model": "dedicated"}, "samplers"),
    ("samplers", {"scope": "deployment", "max_seq_length": 5}, "samplers"),
]


def test_what_is_given_is_sent_as_it_is(
    browser: Client, world: Simulator, fields: dict[str, str]
) -> None:
    for noun, given, path in SENT:
        world.requests.clear()
        assert submit(browser, noun, fields | given).status_code == 302
        expected = {name: value for name, value in given.items() if name != "trainer_only"}
        assert sent_bodies(world) == [(path, fields | expected)]


def test_a_sampler_attached_to_a_run_needs_no_base_model(
    browser: Client, acme: Workspace, world: Simulator, fields: dict[str, str]
) -> None:
    run = world.world.add_run(trainer_only=True, base_model=QWEN)
    add_row(Run, acme, run.id, base_model=QWEN)
    answer = submit(browser, "samplers", {"session_id": fields["session_id"], "run_id": run.id})
    assert answer.status_code == 302
    assert sent_bodies(world) == [("samplers", {**answer_fields(fields), "run_id": run.id})]
    row = Sampler.objects.get()
    assert (row.run_remote_id, row.base_model) == (run.id, QWEN)
    answer = submit(browser, "samplers", {"session_id": fields["session_id"]})
    assert answer.context["form"].errors == {
        "base_model": ["Choose a base model, or a run to attach to."]
    }


def test_a_checkpoint_that_cannot_be_loaded_is_told_and_refused(
    browser: Client, acme: Workspace, world: Simulator, fields: dict[str, str]
) -> None:
    saved = {"run_remote_id": "r", "target": "trainer", "sync_status": "COMPLETE"}
    row = add_row(Checkpoint, acme, "c1", name="step-1", **saved)
    row.raw = {"lora_config": None}
    row.save()
    add_row(Checkpoint, acme, "c2", name="step-2", **saved)
    page = page_text(browser, "runs")
    assert ("weights/step-1" in page, "weights/step-2" in page) == (False, True)
    answer = submit(browser, "runs", fields | {"path": "bt://loops:r/weights/step-1"})
    told = {"path": ["The API says that this checkpoint cannot be loaded."]}
    assert (answer.context["form"].errors, sent_bodies(world)) == (told, [])
    pages = [browser.get(f"/w/acme/checkpoints/{one}/") for one in ("c1", "c2")]
    assert ["Loadable" in parse_facts(page.content) for page in pages] == [True, False]


def answer_fields(fields: dict[str, str]) -> dict[str, str]:
    return {"session_id": fields["session_id"]}


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("runs", {"scope": "serverless", "replicas": 2}, "replicas"),
    ("runs", {"scope": "serverless", "availability_model": "spot"}, "availability_model"),
    ("samplers", {"scope": "serverless", "num_replicas": 2}, "num_replicas"),
    ("runs", {"base_checkpoint": "hf://org/repo"}, "base_checkpoint"),
    ("runs", {"base_checkpoint": "org/repo", "trainer_only": "on"}, "base_checkpoint"),
    ("runs", {"trainer_only": "on", "sampler_num_replicas": 2}, "sampler_num_replicas"),
    ("runs", {"scale_down_delay_seconds": 3601}, "scale_down_delay_seconds"),
    ("samplers", {"num_replicas": 0}, "num_replicas"),
]


def test_what_the_api_refuses_together_is_told_at_the_field(
    browser: Client, world: Simulator, fields: dict[str, str]
) -> None:
    for noun, given, wrong in WRONG:
        answer = submit(browser, noun, fields | given)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [wrong])
    assert sent_bodies(world) == []


@BOTH
def test_an_older_server_is_offered_only_what_it_knows(
    browser: Client, world: Simulator, fields: dict[str, str], noun: str
) -> None:
    Key.objects.update(offers={"get_capabilities": False})
    assert "Not offered by this server: " in page_text(browser, noun)
    newer = {"name": "n", "scope": "serverless", "run_id": "r", "scale_down_delay_seconds": 7200}
    submit(browser, noun, fields | newer)
    [(_, body)] = sent_bodies(world)
    assert body.keys() - {"scale_down_delay_seconds"} == fields.keys()
    answer = submit(browser, noun, {"session_id": fields["session_id"]})
    assert list(answer.context["form"].errors) == ["base_model"]


REFUSED = "The Loops API refused the request: "
BY_FIELD = {"detail": [{"loc": ["body", "lora_rank"], "msg": "Too big.", "type": "x"}]}
EXTRA = {"detail": [{"loc": ["body", "scope"], "msg": "Extra inputs are not permitted"}]}
SEVERAL = {"detail": [*BY_FIELD["detail"], {"loc": ["body", "new_field"], "msg": "Missing."}]}


REFUSALS: list[tuple[int, dict[str, Any], dict[str, list[str]]]] = [
    (422, BY_FIELD, {"lora_rank": [f"{REFUSED}Too big."]}),
    (422, EXTRA, {"scope": ["Not offered by this server: Extra inputs are not permitted"]}),
    (
        422,
        SEVERAL,
        {"lora_rank": [f"{REFUSED}Too big."], "__all__": [f"{REFUSED}new_field: Missing."]},
    ),
    (
        422,
        {"message": "max_seq_len is too long for it."},
        {"max_seq_len": [f"{REFUSED}max_seq_len is too long for it."]},
    ),
    (
        422,
        {"message": "Extra fields are not permitted: name."},
        {"name": ["Not offered by this server: Extra fields are not permitted: name."]},
    ),
    (
        400,
        {"error": "The name of the base_model and lora_rank clash."},
        {"__all__": [f"{REFUSED}The name of the base_model and lora_rank clash."]},
    ),
    (
        422,
        {"message": "Nothing is free on this path."},
        {"__all__": [f"{REFUSED}Nothing is free on this path."]},
    ),
]


def test_a_refusal_lands_where_it_belongs_and_keeps_what_was_typed(
    browser: Client, world: Simulator, fields: dict[str, str]
) -> None:
    typed = fields | {"lora_rank": "9000", "name": "my <run>"}
    for status, body, told in REFUSALS:
        world.add_fault("POST /v1/loops/runs", mode="status", status=status, body=body)
        answer = submit(browser, "runs", typed)
        form = answer.context["form"]
        assert (answer.status_code, form.errors) == (422, told)
        assert {name: form[name].value() for name in typed} == typed
        assert 'value="my &lt;run&gt;"' in answer.content.decode()


def test_fields_that_an_older_route_lacks_are_refused_and_recorded(
    browser: Client, world: Simulator, fields: dict[str, str]
) -> None:
    Key.objects.update(generation="legacy")
    answer = submit(browser, "runs", fields | {"name": "n"})
    assert answer.status_code == 422
    [said] = answer.context["form"].errors["__all__"]
    assert said == "This server's older API does not support name."
    outcomes = Event.objects.filter(action="run.create").order_by("pk").values_list("outcome")
    assert list(outcomes) == [("requested",), ("refused",)]
    assert sent_bodies(world) == []
