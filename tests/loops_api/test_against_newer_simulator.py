"""The client against what the newest servers added, as the simulator has it."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.undocumented_types import CheckpointSource, UserConfig
from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Run
from tests.loops_api.conftest import BASE

MODEL = "Qwen/Qwen3-8B"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def client(simulator: Simulator) -> Client:
    http = httpx.WSGITransport(app=simulator)
    return Client(base_url=BASE, key="demo-org-key", http=http)


@pytest.fixture
def run(simulator: Simulator) -> Run:
    """A run with a deployment and a checkpoint for each target."""
    simulator.world.clear()
    run = simulator.world.add_run(session=simulator.world.add_session(id="s"))
    simulator.world.add_deployment(run=run)
    for target in ("trainer", "sampler"):
        simulator.world.add_checkpoint(run=run, id=f"c-{target}", target=target)
    return run


def test_models_say_what_they_can_be_used_for(client: Client, simulator: Simulator) -> None:
    simulator.world.omitted_capabilities.add("max_context_length")
    longest = {one.model_name: one.longest for one in client.get_capabilities()}
    assert longest["Qwen/Qwen3-30B-A3B"] == 131_072
    (refused,) = client.get_capabilities(model="moonshotai/Kimi-K2-Instruct", use_case="sft")
    assert (refused.enabled, refused.longest) == (False, 0)
    assert refused.enablement_details is not None
    assert refused.enablement_details.reason == "needs_approval"
    (too_long,) = client.get_capabilities(model=MODEL, max_seq_len=131_073)
    assert (too_long.enabled, too_long.serverless) == (False, True)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"base_model": "moonshotai/Kimi-K2-Instruct"}, "is not enabled"),
        ({"max_seq_len": 131_073}, "at most 131072 tokens"),
        ({"scope": "serverless", "replicas": 2}, "cannot be combined"),
    ],
)
def test_what_cannot_be_had_is_refused(
    client: Client, run: Run, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(errors.BadRequest, match=message) as caught:
        client.create_run(**{"session_id": "s", "base_model": MODEL, **fields})  # type: ignore[arg-type]
    assert (caught.value.status, caught.value.may_have_been_received) == (422, False)
    assert [found.id for found in client.list_runs()] == [run.id]


def test_a_serverless_run_is_told_apart(client: Client, simulator: Simulator, run: Run) -> None:
    made = client.create_run(session_id="s", base_model=MODEL, scope="serverless")
    assert made.sampler is not None
    assert (made.is_serverless, made.sampler.deployment_id, made.base_url) == (True, None, None)
    simulator.advance(60)
    ready = client.get_run(made.id)
    assert ready.base_url is not None
    dedicated = client.get_run(run.id)
    assert dedicated.is_serverless is False


def test_a_sampler_is_attached_to_a_trainer(client: Client, run: Run) -> None:
    weights = "hf://org/repo@rev"
    trainer = client.create_trainer(session_id="s", base_model=MODEL, base_checkpoint=weights)
    assert (trainer.base_checkpoint, trainer.lora_config_version) == (weights, "v1")
    sampler = client.create_sampler(session_id="s", run_id=trainer.id, num_replicas=2)
    assert (sampler.base_model, sampler.base_checkpoint, sampler.node_count) == (MODEL, weights, 2)
    with pytest.raises(errors.Conflict, match=trainer.id):
        client.deactivate_sampler(sampler.id)


def test_a_checkpoint_is_on_a_volume(client: Client, simulator: Simulator, run: Run) -> None:
    assert client.get_source("c-trainer") == CheckpointSource(kind="s3")
    simulator.world.checkpoints["c-trainer"].volume_ref = "bdn:acme/v:latest"
    assert client.get_source("c-trainer") == CheckpointSource(
        kind="volume", volume_ref="bdn:acme/v:latest", path=f"{run.id}/weights/step-100"
    )
    with pytest.raises(errors.StatusError) as caught:
        client.list_files("c-trainer")
    assert caught.value.reason == errors.NOT_PRESIGNABLE


def test_a_checkpoint_that_cannot_be_loaded_says_so(
    client: Client, simulator: Simulator, run: Run
) -> None:
    simulator.world.checkpoints["c-sampler"].lora_config = None
    trainer, sampler = client.list_checkpoints(run_id=run.id)
    assert (trainer.raw["lora_config"] is None, sampler.raw["lora_config"]) == (False, None)
    assert sampler.uri is not None
    with pytest.raises(errors.BadRequest, match="cannot be loaded"):
        client.validate_checkpoint(sampler.uri)


def test_a_deployed_checkpoint_is_kept(client: Client, run: Run) -> None:
    fields = {"model_name": "m", "instance_type_id": "h100-1", "hf_secret_name": "hf"}
    made = client.deploy_checkpoints(["c-sampler"], **fields)
    assert made.deployment_id is not None
    with pytest.raises(errors.Conflict, match=made.model_id):
        client.delete_checkpoint("c-sampler")
    tombstone = client.delete_checkpoint("c-trainer")
    assert (tombstone.run_id, tombstone.name, tombstone.target) == (run.id, "step-100", "trainer")
    assert client.delete_checkpoint("c-trainer") == tombstone
    assert client.delete_run(run.id).kept_checkpoints == ("c-sampler",)
    assert client.get_run(run.id).status == "INACTIVE"


def test_a_teams_runs_are_its_own(client: Client, simulator: Simulator, run: Run) -> None:
    simulator.world.add_team("Research")
    default, research = client.list_teams()
    assert (default.is_default, research.name) == (True, "Research")
    session = client.create_session(team_id=research.id)
    made = client.create_run(team_id=research.id, session_id=session.id, base_model=MODEL)
    assert made.sampler is not None
    assert [one.id for one in client.list_runs(team_id=research.id)] == [made.id]
    assert [one.id for one in client.list_runs(team_id=default.id)] == [run.id]
    assert [one.id for one in client.list_samplers(team_id=research.id)] == [made.sampler.id]
    with pytest.raises(errors.NotFound):
        client.create_trainer(team_id=default.id, session_id=session.id, base_model=MODEL)


def test_gpu_preferences_are_changed(client: Client) -> None:
    changed = client.change_user_config(trainer_accelerator_priority=["H200", "H100"])
    assert changed == UserConfig(trainer_accelerator_priority=("H200", "H100"))
    assert client.change_user_config(trainer_accelerator_priority=None) == UserConfig()
    with pytest.raises(errors.BadRequest):
        client.change_user_config(sampler_accelerator_priority=[])
    assert client.get_user_config() == UserConfig()


def test_bills_logs_and_archives_are_read(client: Client, simulator: Simulator, run: Run) -> None:
    simulator.advance(600)
    now = simulator.world.now
    billed = client.get_usage_summary(start=now - timedelta(days=1), end=now).resources
    assert {one.kind for one in billed} == {"LOOPS_TRAINER", "LOOPS_SAMPLER"}
    assert {one.minutes for one in billed} == {10}
    with pytest.raises(errors.BadRequest, match="31 days"):
        client.get_usage_summary(start=now - timedelta(days=32), end=now)
    sampler = client.get_run(run.id).sampler
    assert sampler is not None
    assert sampler.model_id is not None
    assert sampler.deployment_id is not None
    ids = (sampler.model_id, sampler.deployment_id)
    lines = client.list_sampler_logs(*ids, start=now - timedelta(minutes=5), end=now, limit=3)
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
    failed = simulator.world.add_deployment(status="FAILED")
    first = client.list_debug_archive(failed.id, page_size=1)
    last = client.list_debug_archive(failed.id, page_token=first.next_page_token)
    names = [one.relative_file_name for one in first.files + last.files]
    assert (names, last.next_page_token) == (["node_0/stacks.txt", "node_0/dmesg.txt"], None)
