"""Runs, which the SDK calls trainer servers."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.checkpoint_usage import find_use
from loopsweb.simulator.entities import ENDED, Run
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes.checkpoints import find_run
from loopsweb.simulator.routes.deployments import stop_deployment
from loopsweb.simulator.routes.run_creation import create_run
from loopsweb.simulator.routes.teams import filter_team
from loopsweb.simulator.serialization import respond_list, serialize_deactivated


def filter_runs(request: AuthorizedRequest) -> list[Run]:
    """The caller's runs that pass the filters of the query."""
    run_id, base_model = request.query.get("run_id"), request.query.get("base_model")
    runs = request.filter_listed(request.world.runs.values())
    return [
        run for run in runs if run_id in (None, run.id) and base_model in (None, run.base_model)
    ]


def list_runs(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/runs."""
    runs = filter_team(request, filter_runs(request))
    return respond_list("runs", runs, request.serializer.serialize_run_item)


def get_run(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/runs/{run_id}."""
    run = find_run(request, request.params["run_id"])
    return respond_json({"run": request.serializer.serialize_run(run)})


def create_run_with_sampler(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/runs."""
    run = create_run(request, request.parse_body())
    return respond_json({"run": request.serializer.serialize_run(run)})


def create_trainer(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/trainers: a run without a sampler."""
    run = create_run(request, request.parse_body(), trainer_only=True)
    return respond_json({"run": request.serializer.serialize_run(run)})


def deactivate_run(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/runs/{run_id}/deactivate: ends the run and its paired sampler."""
    run = find_run(request, request.params["run_id"])
    stop_run(request, run)
    return respond_json(serialize_deactivated(run))


def stop_run(request: AuthorizedRequest, run: Run) -> None:
    """Start stopping it, and its deployment if it is the latest run there. 409 if it has ended."""
    deployment = run.deployment
    if deployment is not None and deployment.latest_run_id == run.id:
        if deployment.status in ENDED:
            raise ApiError(409, f"Run {run.id!r} has already ended.", "ALREADY_STOPPED")
        stop_deployment(request, deployment)
        return
    if run.status != "ACTIVE":
        raise ApiError(409, f"Run {run.id!r} has already ended.", "ALREADY_STOPPED")
    run.status = "INACTIVE"
    if run.sampler is not None:
        request.lifecycle.stop_sampler(run.sampler)


def delete_run(request: AuthorizedRequest) -> Response:
    """DELETE /v1/loops/runs/{run_id}: ends it if need be and deletes its unused checkpoints.

    It stays, INACTIVE, as long as it has checkpoints that are in use.
    """
    run, world = find_run(request, request.params["run_id"]), request.world
    if is_live(run):
        stop_run(request, run)
    run.status = "INACTIVE"
    for checkpoint in [one for one in run.checkpoints if find_use(world, one) is None]:
        world.delete_checkpoint(checkpoint)
    if not run.checkpoints:
        world.remove_run(run)
    kept = [one.id for one in run.checkpoints]
    return respond_json({"id": run.id, "kept_checkpoints": kept})


def is_live(run: Run) -> bool:
    """True if there is something to stop."""
    deployment = run.deployment
    if deployment is None or deployment.latest_run_id != run.id:
        return run.status == "ACTIVE"
    return deployment.status not in ENDED and not deployment.stopping
