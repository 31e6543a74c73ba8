"""Runs, which the SDK calls trainer servers."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import ENDED, Run
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes.checkpoints import find_run
from loopsweb.simulator.routes.deployments import stop_deployment
from loopsweb.simulator.routes.run_creation import create_run
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
    return respond_list("runs", filter_runs(request), request.serializer.serialize_run_item)


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
    deployment = run.deployment
    if deployment is not None and deployment.latest_run_id == run.id:
        if deployment.status in ENDED:
            raise ApiError(409, f"Run {run.id!r} has already ended.", "ALREADY_STOPPED")
        stop_deployment(request, deployment)
        return respond_json(serialize_deactivated(run))
    if run.status != "ACTIVE":
        raise ApiError(409, f"Run {run.id!r} has already ended.", "ALREADY_STOPPED")
    run.status = "INACTIVE"
    if run.sampler is not None:
        request.lifecycle.stop_sampler(run.sampler)
    return respond_json(serialize_deactivated(run))
