"""Deployments: the live training pairs."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.entities import ENDED, Deployment
from loopsweb.simulator.exchange import Answer, Refusal, answer, listing


def list_(call: Call) -> Answer:
    """GET /v1/loops/deployments. The document's generation leaves out what is STOPPED."""
    deployments = call.listed(call.world.deployments.values())
    if not call.shapes.STOPPED_IS_LISTED:
        deployments = [one for one in deployments if one.status != "STOPPED"]
    return listing("deployments", (one.kept(call.shapes.deployment_item) for one in deployments))


def show(call: Call) -> Answer:
    """GET /v1/loops/deployments/{deployment_id}: STOPPED ones too."""
    deployment = call.find(call.world.deployments, call.params["deployment_id"], "Deployment")
    return answer({"deployment": call.shapes.deployment(deployment)})


def deactivate(call: Call) -> Answer:
    """POST /v1/loops/deployments/{deployment_id}/deactivate. Once: 409 afterwards."""
    deployment = call.find(call.world.deployments, call.params["deployment_id"], "Deployment")
    stop(call, deployment)
    return answer(
        {
            "id": deployment.id,
            "base_model": deployment.base_model,
            "user": {"email": deployment.owner.email},
        }
    )


def stop(call: Call, deployment: Deployment) -> None:
    """Begin its end, or refuse because that has begun or happened."""
    if deployment.status in ENDED:
        message = f"Deployment {deployment.id!r} is already {deployment.status}."
        raise Refusal(409, message, "ALREADY_STOPPED")
    if deployment.stopping:
        message = f"Deployment {deployment.id!r} is already being deactivated."
        raise Refusal(409, message, "ALREADY_STOPPING")
    call.life.stop(deployment)
