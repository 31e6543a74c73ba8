"""The vendor's client, which refuses missing fields and wrong types."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from baseten.client.managementapi import ApiClient, ResponseError
from baseten.client.managementapi import _models as m

from loopsweb.simulator import Simulator

ADA = "ada@example.com"


def find_running(sim: Simulator) -> Any:
    return next(one for one in sim.world.deployments.values() if one.status == "RUNNING")


def find_sampler_checkpoint(sim: Simulator) -> Any:
    return next(one for one in sim.world.checkpoints.values() if one.target == "sampler")


def test_own_resources_are_listed(sim: Simulator, api: ApiClient) -> None:
    world = sim.world
    assert [one.id for one in api.get_loops_runs().runs] == [
        one.id for one in world.runs.values() if one.owner.email == ADA
    ]
    assert [one.id for one in api.get_loops_samplers().samplers] == [
        one.id for one in world.samplers.values() if one.owner.email == ADA
    ]
    assert [one.id for one in api.get_loops_deployments().deployments] == [
        one.id for one in world.deployments.values() if one.owner.email == ADA
    ]


def test_the_organisations_resources_are_listed(sim: Simulator, api: ApiClient) -> None:
    world = sim.world
    runs = api.get_loops_runs(params=m.GetLoopsRunsParams(scope="org")).runs
    assert [one.id for one in runs] == list(world.runs)
    samplers = api.get_loops_samplers(params=m.GetLoopsSamplersParams(scope="org")).samplers
    assert [one.id for one in samplers] == list(world.samplers)
    given = api.get_loops_deployments(params=m.GetLoopsDeploymentsParams(scope="org"))
    assert [(one.id, one.status.name) for one in given.deployments] == [
        (one.id, one.status) for one in world.deployments.values()
    ]


def test_every_response_of_a_week_is_accepted(sim: Simulator, api: ApiClient) -> None:
    for _ in range(40):
        sim.advance(900)
        for run in api.get_loops_runs(params=m.GetLoopsRunsParams(scope="org")).runs:
            assert run.status.name in ("ACTIVE", "INACTIVE")
        api.get_loops_samplers(params=m.GetLoopsSamplersParams(scope="org"))
        api.get_loops_deployments(params=m.GetLoopsDeploymentsParams(scope="org"))
    for run_id in sim.world.runs:
        api.get_loops_checkpoints(params=m.GetLoopsCheckpointsParams(run_id=run_id))


def test_single_resources_are_fetched(sim: Simulator, api: ApiClient) -> None:
    deployment = find_running(sim)
    run = sim.world.runs[deployment.latest_run_id]
    assert api.get_loops_sessions(session_id=run.session_id).session.id == run.session_id
    fetched = api.get_loops_runs_run_id(run_id=run.id).run
    assert (fetched.id, fetched.deployment_id) == (run.id, deployment.id)
    assert fetched.sampler is not None
    sampler = api.get_loops_samplers_sampler_id(sampler_id=fetched.sampler.id).sampler
    assert sampler == fetched.sampler
    same = api.get_loops_deployments_deployment_id(deployment_id=deployment.id).deployment
    assert (same.active_run_id, same.instance_type.gpu_type) == (run.id, "H100")


def test_resources_are_created(sim: Simulator, api: ApiClient) -> None:
    session = api.post_loops_sessions().session.id
    run = api.post_loops_runs(
        request=m.CreateLoopsRunRequest(session_id=session, base_model="Qwen/Qwen3-8B")
    ).run
    assert (run.session_id, run.status.name, run.user.email) == (session, "ACTIVE", ADA)
    assert run.sampler is not None
    trainer = api.post_loops_trainers(
        request=m.CreateLoopsTrainerRequest(session_id=session, base_model="Qwen/Qwen3-8B")
    ).run
    assert trainer.sampler is None
    paired = api.post_loops_samplers(
        request=m.CreateLoopsSamplerRequest(session_id=session, run_id=trainer.id)
    ).sampler
    again = api.get_loops_runs_run_id(run_id=trainer.id).run
    assert again.sampler is not None
    assert again.sampler.id == paired.id
    saved = find_sampler_checkpoint(sim)
    served = api.post_loops_samplers(
        request=m.CreateLoopsSamplerRequest(
            session_id=session,
            model_path=f"bt://loops:{saved.run.id}/sampler_weights/{saved.name}",
        )
    ).sampler
    assert (served.base_model, served.status.name) == (saved.base_model, "BUILDING")


def test_checkpoints_are_managed(sim: Simulator, api: ApiClient) -> None:
    saved = find_sampler_checkpoint(sim)
    uri = f"bt://loops:{saved.run.id}/sampler_weights/{saved.name}"
    by_path = api.get_loops_checkpoints(params=m.GetLoopsCheckpointsParams(checkpoint_path=uri))
    assert [one.id for one in by_path.checkpoints] == [saved.id]
    mine = api.get_loops_checkpoints(params=m.GetLoopsCheckpointsParams(base_model="Qwen/Qwen3-8B"))
    assert {one.base_model for one in mine.checkpoints} == {"Qwen/Qwen3-8B"}
    files = api.get_loops_checkpoints_files(checkpoint_id=saved.id)
    assert sum(one.size_bytes for one in files.presigned_urls) == saved.size_bytes
    source = api.get_loops_checkpoints_source(checkpoint_id=saved.id).source
    assert isinstance(source, m.LoopsCheckpointS3Source)
    api.post_loops_checkpoints_validate(
        request=m.ValidateLoopsCheckpointRequest(checkpoint_path=uri, run_id=saved.run.id)
    )
    deployed = api.post_loops_checkpoints_deploy(
        request=m.DeployLoopsCheckpointRequest(
            checkpoint_ids=[saved.id],
            model_name="my-model",
            instance_type_id="h100-1",
            hf_secret_name="hf",
        )
    )
    assert deployed.model_id != deployed.deployment_id


def test_logs_and_metrics_are_read(sim: Simulator, api: ApiClient) -> None:
    deployment = next(one for one in sim.world.deployments.values() if one.node_count > 1)
    limit = m.GetLoopsDeploymentsLogsParams(limit=m.Limit(7))
    assert len(api.get_loops_deployments_logs(deployment_id=deployment.id, params=limit).logs) == 7
    given = api.post_loops_deployments_metrics(
        deployment_id=deployment.id, request=m.GetLoopsDeploymentMetricsRequest(step_seconds=60)
    )
    assert given.deployment_id == deployment.id
    assert len(given.metrics.inference_volume) == 31
    assert sorted(given.metrics.gpu_utilization) == [str(rank) for rank in range(8)]
    assert len(given.metrics.per_node_metrics) == deployment.node_count
    archive = api.get_loops_deployments_debug_archive_files(deployment_id=deployment.id)
    assert archive.presigned_urls == []


def test_sampler_logs_and_debug_archives_are_read(sim: Simulator, api: ApiClient) -> None:
    sampler = find_running(sim).sampler
    lines = api.post_models_deployments_logs(
        model_id=sampler.model_id,
        deployment_id=sampler.deployment_id,
        request=m.GetDeploymentLogsRequest(min_level="INFO"),
    ).logs
    assert {line.level for line in lines} == {"INFO", "WARNING"}
    failed = next(one for one in sim.world.deployments.values() if one.status == "FAILED")
    page = api.get_loops_deployments_debug_archive_files(
        deployment_id=failed.id,
        params=m.GetLoopsDeploymentsDebugArchiveFilesParams(page_size=1),
    )
    rest = m.GetLoopsDeploymentsDebugArchiveFilesParams(page_token=page.next_page_token)
    last = api.get_loops_deployments_debug_archive_files(deployment_id=failed.id, params=rest)
    files = page.presigned_urls + last.presigned_urls
    assert [one.node_rank for one in files] == [0, 0]


def test_a_checkpoint_on_a_volume_has_a_source(sim: Simulator, api: ApiClient) -> None:
    saved = next(one for one in sim.world.checkpoints.values() if one.volume_ref)
    source = api.get_loops_checkpoints_source(checkpoint_id=saved.id).source
    assert isinstance(source, m.LoopsCheckpointVolumeSource)
    assert source.volume_ref == saved.volume_ref
    with pytest.raises(ResponseError) as refused:
        api.get_loops_checkpoints_files(checkpoint_id=saved.id)
    assert refused.value.status_code == 400


def test_resources_are_deactivated(sim: Simulator, api: ApiClient) -> None:
    deployment = find_running(sim)
    ended = api.post_loops_deployments_deactivate(deployment_id=deployment.id)
    assert (ended.id, ended.user.email) == (deployment.id, deployment.owner.email)
    with pytest.raises(ResponseError) as refused:
        api.post_loops_deployments_deactivate(deployment_id=deployment.id)
    assert refused.value.status_code == 409
    run_id = find_running(sim).latest_run_id
    assert api.post_loops_runs_deactivate(run_id=run_id).id == run_id
    alone = next(one for one in sim.world.samplers.values() if one.run_id is None)
    assert api.post_loops_samplers_deactivate(sampler_id=alone.id).id == alone.id


def test_every_vendor_operation_is_simulated(sim: Simulator, api: ApiClient) -> None:
    """The simulator has every Loops route that the client knows."""
    requested: list[tuple[str, str]] = []

    def note(request: Any) -> Any:
        requested.append((request.method, request.path_fmt))
        raise LookupError

    operations: list[Callable[..., Any]] = [
        getattr(api, name) for name in dir(api) if "_loops_" in name
    ]
    api._do = note  # type: ignore[method-assign]
    for operation in operations:
        names = operation.__code__.co_varnames[1 : 1 + operation.__code__.co_kwonlyargcount]
        optional = operation.__kwdefaults__ or {}
        with pytest.raises(LookupError):
            operation(**{name: "x" for name in names if name not in optional})
    known = {(route.method, re.sub(r"{\w+}", "{}", route.path)) for route in sim.dispatcher.routes}
    assert [one for one in requested if one not in known] == []
    assert len(requested) == 31
