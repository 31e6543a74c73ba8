"""The client against both generations of the simulator: workflows, errors and faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.client import Generation
from loopsweb.simulator import Simulator
from tests.loops_api.conftest import BASE

Connect = Callable[..., Client]


@pytest.fixture(params=["documented", "current"])
def simulator(request: pytest.FixtureRequest) -> Simulator:
    return Simulator(generation=request.param)


@pytest.fixture
def connect(simulator: Simulator) -> Connect:
    def connect(key: str = "demo-org-key", generation: Generation = "auto") -> Client:
        http = httpx.WSGITransport(app=simulator)
        return Client(base_url=BASE, key=key, generation=generation, http=http)

    return connect


def test_a_run_is_created_and_deactivated(simulator: Simulator, connect: Connect) -> None:
    client = connect()
    session = client.create_session()
    assert client.get_session(session.id) == session
    run = client.create_run(session_id=session.id, base_model="Qwen/Qwen3-8B", lora_rank=8)
    assert client.get_run(run.id).base_url == run.base_url
    assert [found.session_id for found in client.list_runs(run_id=run.id)] == [session.id]
    deployment = next(d for d in client.list_deployments() if d.base_url == run.base_url)
    simulator.advance(900)
    assert client.get_deployment(deployment.id).status == "RUNNING"
    ended = client.deactivate_deployment(deployment.id)
    assert (ended.id, ended.base_model) == (deployment.id, "Qwen/Qwen3-8B")
    simulator.advance(3600)
    assert client.get_deployment(deployment.id).status == "STOPPED"
    assert client.get_deployment(deployment.id).gpus_held == 0


def test_a_standalone_sampler_is_created(connect: Connect) -> None:
    client = connect()
    session = client.create_session()
    sampler = client.create_sampler(session_id=session.id, base_model="Qwen/Qwen3-8B")
    assert client.get_sampler(sampler.id).base_url == sampler.base_url
    assert [found.id for found in client.list_samplers()].count(sampler.id) == 1


def test_files_are_iterated_page_by_page(connect: Connect) -> None:
    client = connect()
    run = next(iter(client.list_runs()))
    checkpoint = next(iter(client.list_checkpoints(run_id=run.id)))
    whole = client.list_files(checkpoint.id)
    walked = [f.relative_file_name for f in client.iter_files(checkpoint.id, page_size=1)]
    assert walked == [file.relative_file_name for file in whole.files]
    assert len(walked) == whole.total_count


@pytest.mark.parametrize("key", ["demo-own-key", "no-such-key"])
def test_a_call_beyond_the_keys_scope_is_an_error(connect: Connect, key: str) -> None:
    expected = errors.Forbidden if key == "demo-own-key" else errors.Unauthorized
    client = connect(key)
    for call in (client.list_deployments, client.create_session, lambda: client.get_run("x")):
        with pytest.raises(expected):
            call()


def test_a_key_with_its_own_scope_can_list(connect: Connect) -> None:
    client = connect("demo-own-key")
    assert [client.list_runs().skipped, client.list_samplers().skipped] == [0, 0]


@pytest.mark.parametrize(
    ("mode", "details", "kind"),
    [
        ("status", {"status": 503}, errors.ServerError),
        ("rate_limit", {"retry_after": 1}, errors.RateLimited),
        ("rate_limit", {"retry_after": 99}, errors.RateLimited),
        ("html", {}, errors.ServerError),
        ("html", {"status": 200}, errors.MalformedResponse),
        ("empty", {}, errors.MalformedResponse),
        ("truncated", {}, errors.MalformedResponse),
        ("reset", {}, errors.ConnectionFailed),
    ],
)
def test_each_fault_raises_its_error(
    simulator: Simulator,
    connect: Connect,
    mode: str,
    details: dict[str, object],
    kind: type[errors.LoopsError],
) -> None:
    simulator.add_fault("GET /v1/loops/runs", mode, None, **details)
    with pytest.raises(kind):
        connect(generation="current").list_runs()
    simulator.clear_faults()
    assert len(connect().list_runs()) > 0


def test_two_faults_are_retried_away(simulator: Simulator, connect: Connect) -> None:
    simulator.add_fault("GET /v1/loops/samplers", "status", 2, status=502)
    assert len(connect().list_samplers()) > 0
    assert [request.path for request in simulator.requests] == ["/v1/loops/samplers"] * 3


def test_an_interrupted_deactivation_is_sent_once(simulator: Simulator, connect: Connect) -> None:
    client = connect()
    deployment = next(d for d in client.list_deployments() if d.status == "RUNNING")
    simulator.requests.clear()
    simulator.add_fault("*", "reset", None)
    with pytest.raises(errors.ConnectionFailed) as caught:
        client.deactivate_deployment(deployment.id)
    assert (caught.value.may_have_been_received, len(simulator.requests)) == (True, 1)


def test_auto_detects_the_canonical_routes(connect: Connect) -> None:
    client = connect()
    assert (len(client.list_runs()) > 0, client.generation) == (True, "current")


def test_an_unchanged_list_has_the_same_digest(connect: Connect) -> None:
    client = connect()
    assert client.list_deployments().digest == client.list_deployments().digest


@pytest.fixture
def older() -> tuple[Client, Client]:
    """Clients of the same server, one by canonical and one by legacy routes."""
    http = httpx.WSGITransport(app=Simulator(generation="documented"))
    one = Client(base_url=BASE, key="demo-org-key", generation="current", http=http)
    other = Client(base_url=BASE, key="demo-org-key", generation="legacy", http=http)
    return one, other


def test_legacy_routes_read_the_same(older: tuple[Client, Client]) -> None:
    today, legacy = older
    runs = list(today.list_runs())
    assert {run.id for run in legacy.list_runs()} == {run.id for run in runs}
    run, model = runs[0].id, runs[0].base_model
    assert model is not None
    ids = [{c.id for c in client.list_checkpoints(run_id=run)} for client in older]
    assert ids[0] == ids[1]
    ids = [{c.id for c in client.list_checkpoints(base_model=model)} for client in older]
    assert ids[0] == ids[1]
    checkpoint = next(iter(today.list_checkpoints(run_id=run)))
    assert checkpoint.uri is not None
    (searched,) = legacy.list_checkpoints(checkpoint_path=checkpoint.uri)
    assert (searched.id, searched.run_id, searched.uri) == (
        checkpoint.id,
        checkpoint.run_id,
        checkpoint.uri,
    )
    names = [[f.relative_file_name for f in c.iter_files(checkpoint.id, 1)] for c in older]
    assert names[0] == names[1]


def test_legacy_routes_create_the_same(older: tuple[Client, Client]) -> None:
    today, legacy = older
    session = legacy.create_session()
    run = legacy.create_run(session_id=session.id, base_model="Qwen/Qwen3-8B", seed=7)
    sampler = legacy.create_sampler(session_id=session.id, base_model="Qwen/Qwen3-8B")
    assert today.get_session(session.id) == session
    assert today.get_run(run.id).base_url == run.base_url
    assert today.get_sampler(sampler.id).base_url == sampler.base_url


@pytest.fixture
def current() -> tuple[Client, Simulator]:
    simulator = Simulator(generation="current")
    http = httpx.WSGITransport(app=simulator)
    return Client(base_url=BASE, key="demo-org-key", http=http), simulator


def test_undocumented_routes(current: tuple[Client, Simulator]) -> None:
    client, simulator = current
    deployment = next(d for d in client.list_deployments() if d.status == "RUNNING")
    now = simulator.world.now
    start = now - timedelta(minutes=30)
    lines = client.list_logs(deployment.id, start=start, end=now, direction="asc", limit=5)
    assert (len(lines), [line.at for line in lines]) == (5, sorted(line.at for line in lines))
    metrics = client.get_metrics(deployment.id, start=start, end=now, step_seconds=60)
    assert metrics.deployment_id == deployment.id
    assert "gpu_utilization" in metrics.metrics
    assert len(client.get_capabilities()) > 0
    assert {price.instance_type for price in client.list_prices()} == set(
        client.list_instance_types()
    )
    assert client.get_identity().email is not None
    assert len(client.list_api_keys()) > 0


def test_runs_and_samplers_are_deactivated(current: tuple[Client, Simulator]) -> None:
    client, simulator = current
    session = client.create_session()
    run = client.create_run(session_id=session.id, base_model="Qwen/Qwen3-8B", name="to be ended")
    assert run.name == "to be ended"
    assert run.sampler is not None
    with pytest.raises(errors.Conflict):
        client.deactivate_sampler(run.sampler.id)
    assert client.deactivate_run(run.id).id == run.id
    alone = client.create_sampler(session_id=session.id, base_model="Qwen/Qwen3-8B")
    assert client.deactivate_sampler(alone.id).id == alone.id
    simulator.advance(3600)
    assert client.get_run(run.id).status == "INACTIVE"
    trainer = client.create_trainer(session_id=session.id, base_model="Qwen/Qwen3-8B")
    assert trainer.sampler is None


def test_checkpoints_are_validated_expired_and_deleted(
    current: tuple[Client, Simulator],
) -> None:
    client, simulator = current
    simulator.world.clear()
    run = simulator.world.add_run()
    made = simulator.world.add_checkpoint(run=run, target="sampler", name="<b>step 1</b> ü")
    (found,) = client.list_checkpoints(run_id=run.id)
    assert found.uri == f"bt://loops:{run.id}/sampler_weights/<b>step 1</b> ü"
    client.validate_checkpoint(found.uri)
    kept = client.set_checkpoint_ttl(made.id, 3600)
    assert kept.expires_at == simulator.world.now + timedelta(hours=1)
    assert client.set_checkpoint_ttl(made.id, None).expires_at is None
    client.delete_checkpoint(made.id)
    assert list(client.list_checkpoints(run_id=run.id)) == []
    with pytest.raises(errors.LoopsError):
        client.validate_checkpoint(found.uri)
