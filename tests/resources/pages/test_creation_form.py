"""What the forms of runs and samplers send, and what they refuse before sending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Run, Sampler, Session
from loopsweb.simulator import Simulator
from tests.description_lists import parse_facts
from tests.resources.pages.new_forms import QWEN, list_sent, read_page, submit
from tests.resources.rows import add_row

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
    creator: Client, world: Simulator, fields: dict[str, str]
) -> None:
    for noun, given, path in SENT:
        world.requests.clear()
        assert submit(creator, noun, fields | given).status_code == 302
        expected = {name: value for name, value in given.items() if name != "trainer_only"}
        assert list_sent(world) == [(path, fields | expected)]


def test_a_sampler_attached_to_a_run_needs_no_base_model(
    creator: Client, acme: Workspace, world: Simulator, fields: dict[str, str]
) -> None:
    run = world.world.add_run(trainer_only=True, base_model=QWEN)
    add_row(Run, acme, run.id, base_model=QWEN)
    answer = submit(creator, "samplers", {"session_id": fields["session_id"], "run_id": run.id})
    assert answer.status_code == 302
    assert list_sent(world) == [
        ("samplers", {"session_id": fields["session_id"], "run_id": run.id})
    ]
    row = Sampler.objects.get()
    assert (row.run_remote_id, row.base_model) == (run.id, QWEN)
    answer = submit(creator, "samplers", {"session_id": fields["session_id"]})
    assert answer.context["form"].errors == {
        "base_model": ["Choose a base model, or a run to attach to."]
    }


def test_a_checkpoint_that_cannot_be_loaded_is_told_and_refused(
    creator: Client, acme: Workspace, world: Simulator, fields: dict[str, str]
) -> None:
    saved = {"run_remote_id": "r", "target": "trainer", "sync_status": "COMPLETE"}
    row = add_row(Checkpoint, acme, "c1", name="step-1", **saved)
    row.raw = {"lora_config": None}
    row.save()
    add_row(Checkpoint, acme, "c2", name="step-2", **saved)
    page = read_page(creator, "runs")
    assert ("weights/step-1" in page, "weights/step-2" in page) == (False, True)
    answer = submit(creator, "runs", fields | {"path": "bt://loops:r/weights/step-1"})
    told = {"path": ["The API says that this checkpoint cannot be loaded."]}
    assert (answer.context["form"].errors, list_sent(world)) == (told, [])
    pages = [creator.get(f"/w/acme/checkpoints/{one}/") for one in ("c1", "c2")]
    assert ["Loadable" in parse_facts(page.content) for page in pages] == [True, False]


def test_a_team_of_the_organisation_can_be_chosen(
    creator: Client, world: Simulator, poll: Callable[..., int]
) -> None:
    assert "The default team" not in read_page(creator, "sessions")
    organization = world.world.users[0].organization
    zeta, alpha = (world.world.add_team(name, organization) for name in ("Zeta <b>", "alpha"))
    poll()
    page = creator.get("/w/acme/sessions/new/")
    offered = [("", "The default team"), (alpha.id, "alpha"), (zeta.id, "Zeta <b>")]
    assert page.context["form"].fields["team_id"].choices == offered
    of_team = {"team_id": zeta.id}
    assert submit(creator, "sessions", of_team).status_code == 302
    [(path, _)] = list_sent(world)
    assert path == f"/v1/teams/{zeta.id}/loops/sessions"
    session = Session.objects.get(origin="created").remote_id
    run = {"session_id": session, "base_model": QWEN}
    for noun, given, tail in (
        ("runs", {}, "runs"),
        ("samplers", {}, "samplers"),
        ("runs", {"trainer_only": "on"}, "trainers"),
    ):
        assert submit(creator, noun, run | of_team | given).status_code == 302
        assert list_sent(world)[-1] == (f"/v1/teams/{zeta.id}/loops/{tail}", run)
    answer = submit(creator, "runs", run | {"team_id": "team_9"})
    assert list(answer.context["form"].errors) == ["team_id"]


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
    creator: Client, world: Simulator, fields: dict[str, str]
) -> None:
    for noun, given, wrong in WRONG:
        answer = submit(creator, noun, fields | given)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [wrong])
    assert list_sent(world) == []


@pytest.mark.parametrize("noun", ["runs", "samplers"])
def test_an_older_server_is_offered_only_what_it_knows(
    creator: Client, world: Simulator, fields: dict[str, str], noun: str
) -> None:
    Key.objects.update(offers={"get_capabilities": False})
    assert "Not offered by this server: " in read_page(creator, noun)
    newer = {"name": "n", "scope": "serverless", "run_id": "r", "scale_down_delay_seconds": 7200}
    submit(creator, noun, fields | newer)
    [(_, body)] = list_sent(world)
    assert body.keys() - {"scale_down_delay_seconds"} == fields.keys()
    answer = submit(creator, noun, {"session_id": fields["session_id"]})
    assert list(answer.context["form"].errors) == ["base_model"]
