"""Deployments."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import ENDED, Deployment
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.serialization import respond_list, serialize_deactivated


def find_deployment(request: AuthorizedRequest) -> Deployment:
    """The deployment of the path."""
    deployment_id = request.params["deployment_id"]
    return request.find_visible(request.world.deployments, deployment_id, "Deployment")


def list_deployments(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/deployments. The documented generation leaves out STOPPED ones."""
    deployments = request.filter_listed(request.world.deployments.values())
    if not request.serializer.STOPPED_IS_LISTED:
        deployments = [one for one in deployments if one.status != "STOPPED"]
    return respond_list("deployments", deployments, request.serializer.serialize_deployment)


def get_deployment(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/deployments/{deployment_id}: STOPPED ones too."""
    deployment = find_deployment(request)
    return respond_json({"deployment": request.serializer.serialize_deployment(deployment)})


def deactivate_deployment(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/deployments/{deployment_id}/deactivate. A second one is 409."""
    deployment = find_deployment(request)
    stop_deployment(request, deployment)
    return respond_json(serialize_deactivated(deployment))


def stop_deployment(request: AuthorizedRequest, deployment: Deployment) -> None:
    """Start stopping it. 409 if it is already stopping or has ended."""
    if deployment.status in ENDED:
        message = f"Deployment {deployment.id!r} is already {deployment.status}."
        raise ApiError(409, message, "ALREADY_STOPPED")
    if deployment.stopping:
        message = f"Deployment {deployment.id!r} is already being deactivated."
        raise ApiError(409, message, "ALREADY_STOPPING")
    request.lifecycle.stop_deployment(deployment)
