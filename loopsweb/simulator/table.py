"""Every route there is, in the document's order."""

from __future__ import annotations

from collections.abc import Callable

from .authorized_request import Call
from .exchange import Answer
from .people import ORG_SCOPE as ORG
from .people import OWN_SCOPE as OWN
from .route import Route
from .routes import (
    account,
    checkpoints,
    deployments,
    files,
    legacy,
    newer,
    runs,
    samplers,
    sessions,
    teams,
    telemetry,
)

DOCUMENTED = (
    Route("POST", "/v1/loops/sessions", sessions.create, ORG),
    Route("GET", "/v1/loops/sessions/{session_id}", sessions.show, ORG),
    Route("POST", "/v1/loops/runs", runs.create, ORG),
    Route("GET", "/v1/loops/runs", runs.list_, OWN),
    Route("GET", "/v1/loops/runs/{run_id}", runs.show, ORG),
    Route("POST", "/v1/loops/samplers", samplers.create, ORG),
    Route("GET", "/v1/loops/samplers", samplers.list_, OWN),
    Route("GET", "/v1/loops/samplers/{sampler_id}", samplers.show, ORG),
    Route("GET", "/v1/loops/checkpoints", checkpoints.list_, OWN),
    Route("GET", "/v1/loops/checkpoints/{checkpoint_id}/files", files.list_, ORG),
    Route("GET", "/v1/loops/deployments", deployments.list_, ORG),
    Route("POST", "/v1/loops/deployments/{deployment_id}/deactivate", deployments.deactivate, ORG),
    Route("GET", "/v1/loops/deployments/{deployment_id}", deployments.show, ORG),
)


def _legacy(method: str, path: str, handler: Callable[[Call], Answer], scope: str) -> Route:
    return Route(method, path, handler, scope, ("documented",))


def _newer(method: str, path: str, handler: Callable[[Call], Answer], scope: str | None) -> Route:
    return Route(method, path, handler, scope, ("current",))


_SESSION = "/v1/trainer_sessions/{session_id}"
_TRAINER = _SESSION + "/trainers/{trainer_id}"
LEGACY = (
    _legacy("POST", "/v1/trainers/search", legacy.search_trainers, OWN),
    _legacy("POST", "/v1/trainers/checkpoints/search", legacy.search_checkpoint, OWN),
    _legacy("POST", "/v1/trainer_sessions", sessions.create, ORG),
    _legacy("POST", _SESSION + "/trainers", legacy.create_trainer, ORG),
    _legacy("POST", _SESSION + "/samplers", legacy.create_sampling_server, ORG),
    _legacy("GET", _TRAINER + "/checkpoints", legacy.list_checkpoints, OWN),
    _legacy("GET", _TRAINER + "/checkpoints/{checkpoint_id}/files", legacy.list_files, ORG),
)

_DEPLOYMENT = "/v1/loops/deployments/{deployment_id}"
_CHECKPOINT = "/v1/loops/checkpoints/{checkpoint_id}"
_MODEL = "/v1/models/{model_id}/deployments/{deployment_id}"
_TEAM = "/v1/teams/{team_id}/loops"
NEWER = (
    _newer("GET", "/v1/loops/capabilities", newer.capabilities, ORG),
    _newer("POST", "/v1/loops/trainers", runs.create_trainer, ORG),
    _newer("POST", "/v1/loops/runs/{run_id}/deactivate", runs.deactivate, ORG),
    _newer("POST", "/v1/loops/samplers/{sampler_id}/deactivate", samplers.deactivate, ORG),
    _newer("POST", "/v1/loops/checkpoints/validate", newer.validate, ORG),
    _newer("POST", "/v1/loops/checkpoints/deploy", newer.deploy, ORG),
    _newer("GET", _CHECKPOINT + "/source", newer.source, ORG),
    _newer("PUT", _CHECKPOINT + "/ttl", newer.set_ttl, ORG),
    _newer("DELETE", _CHECKPOINT, newer.delete, ORG),
    _newer("GET", _DEPLOYMENT + "/logs", telemetry.logs, ORG),
    _newer("POST", _DEPLOYMENT + "/metrics", telemetry.metrics, ORG),
    _newer("GET", _DEPLOYMENT + "/debug_archive/files", telemetry.debug_archive, ORG),
    _newer("GET", "/v1/loops/user_config", account.user_config, ORG),
    _newer("PATCH", "/v1/loops/user_config", account.change_user_config, ORG),
    _newer("GET", _MODEL, samplers.model_deployment, ORG),
    _newer("GET", "/v1/users/me", account.identity, None),
    _newer("GET", "/v1/api_keys", account.list_keys, None),
    _newer("GET", "/v1/instance_types", account.list_instance_types, None),
    _newer("GET", "/v1/instance_type_prices", account.list_prices, None),
    _newer("GET", "/v1/teams", teams.list_, None),
    _newer("POST", _TEAM + "/sessions", teams.only(sessions.create), ORG),
    _newer("GET", _TEAM + "/runs", teams.only(runs.list_), OWN),
    _newer("POST", _TEAM + "/runs", teams.only(runs.create), ORG),
    _newer("POST", _TEAM + "/trainers", teams.only(runs.create_trainer), ORG),
    _newer("GET", _TEAM + "/samplers", teams.only(samplers.list_), OWN),
    _newer("POST", _TEAM + "/samplers", teams.only(samplers.create), ORG),
)


def routes_of(generation: str) -> tuple[Route, ...]:
    """What a server of this generation answers."""
    return tuple(one for one in DOCUMENTED + LEGACY + NEWER if generation in one.generations)
