"""Every route: documented and legacy ones in the document's order, then undocumented ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.http_messages import Request, Response
from loopsweb.simulator.identities import ORG_SCOPE as ORG
from loopsweb.simulator.identities import OWN_SCOPE as OWN
from loopsweb.simulator.routes import (
    account,
    audit_log,
    billing,
    capabilities,
    checkpoint_actions,
    checkpoints,
    deployments,
    files,
    legacy,
    runs,
    samplers,
    sessions,
    teams,
    telemetry,
)


@dataclass(frozen=True)
class Route:
    """`path` names its parts in braces. Without `scope` any valid key will do."""

    method: str
    path: str
    handler: Callable[[AuthorizedRequest], Response]
    scope: str | None
    generations: tuple[str, ...] = ("documented", "current")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a path and captures its named parts."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    def match(self, request: Request) -> re.Match[str] | None:
        return self.pattern.fullmatch(request.path) if request.method == self.method else None


_DEPLOYMENT = "/v1/loops/deployments/{deployment_id}"
DOCUMENTED = (
    Route("POST", "/v1/loops/sessions", sessions.create_session, ORG),
    Route("GET", "/v1/loops/sessions/{session_id}", sessions.get_session, ORG),
    Route("POST", "/v1/loops/runs", runs.create_run_with_sampler, ORG),
    Route("GET", "/v1/loops/runs", runs.list_runs, OWN),
    Route("GET", "/v1/loops/runs/{run_id}", runs.get_run, ORG),
    Route("POST", "/v1/loops/samplers", samplers.create_standalone_sampler, ORG),
    Route("GET", "/v1/loops/samplers", samplers.list_samplers, OWN),
    Route("GET", "/v1/loops/samplers/{sampler_id}", samplers.get_sampler, ORG),
    Route("GET", "/v1/loops/checkpoints", checkpoints.list_checkpoints, OWN),
    Route("GET", "/v1/loops/checkpoints/{checkpoint_id}/files", files.list_files, ORG),
    Route("GET", "/v1/loops/deployments", deployments.list_deployments, ORG),
    Route("POST", _DEPLOYMENT + "/deactivate", deployments.deactivate_deployment, ORG),
    Route("GET", _DEPLOYMENT, deployments.get_deployment, ORG),
)


_legacy_route = partial(Route, generations=("documented",))
_undocumented = partial(Route, generations=("current",))

_SESSION = "/v1/trainer_sessions/{session_id}"
_TRAINER = _SESSION + "/trainers/{trainer_id}"
LEGACY = (
    _legacy_route("POST", "/v1/trainers/search", legacy.search_trainers, OWN),
    _legacy_route("POST", "/v1/trainers/checkpoints/search", legacy.search_checkpoint, OWN),
    _legacy_route("POST", "/v1/trainer_sessions", sessions.create_session, ORG),
    _legacy_route("POST", _SESSION + "/trainers", legacy.create_trainer, ORG),
    _legacy_route("POST", _SESSION + "/samplers", legacy.create_sampling_server, ORG),
    _legacy_route("GET", _TRAINER + "/checkpoints", legacy.list_checkpoints, OWN),
    _legacy_route("GET", _TRAINER + "/checkpoints/{checkpoint_id}/files", legacy.list_files, ORG),
)

_SAMPLER = "/v1/loops/samplers/{sampler_id}"
_CHECKPOINT = "/v1/loops/checkpoints/{checkpoint_id}"
_MODEL = "/v1/models/{model_id}/deployments/{deployment_id}"
_TEAM = "/v1/teams/{team_id}/loops"
UNDOCUMENTED = (
    _undocumented("GET", "/v1/loops/capabilities", capabilities.get_capabilities, ORG),
    _undocumented("POST", "/v1/loops/trainers", runs.create_trainer, ORG),
    _undocumented("POST", "/v1/loops/runs/{run_id}/deactivate", runs.deactivate_run, ORG),
    _undocumented("DELETE", "/v1/loops/runs/{run_id}", runs.delete_run, ORG),
    _undocumented("POST", _SAMPLER + "/deactivate", samplers.deactivate_sampler, ORG),
    _undocumented(
        "POST", "/v1/loops/checkpoints/validate", checkpoint_actions.validate_checkpoint, ORG
    ),
    _undocumented(
        "POST", "/v1/loops/checkpoints/deploy", checkpoint_actions.deploy_checkpoints, ORG
    ),
    _undocumented("GET", _CHECKPOINT + "/source", checkpoint_actions.get_source, ORG),
    _undocumented("PUT", _CHECKPOINT + "/ttl", checkpoint_actions.set_ttl, ORG),
    _undocumented("DELETE", _CHECKPOINT, checkpoint_actions.delete_checkpoint, ORG),
    _undocumented("GET", _DEPLOYMENT + "/logs", telemetry.list_logs, ORG),
    _undocumented("POST", _DEPLOYMENT + "/metrics", telemetry.get_metrics, ORG),
    _undocumented("GET", _DEPLOYMENT + "/debug_archive/files", telemetry.list_debug_archive, ORG),
    _undocumented("GET", "/v1/loops/user_config", account.get_user_config, ORG),
    _undocumented("PATCH", "/v1/loops/user_config", account.change_user_config, ORG),
    _undocumented("GET", _MODEL, samplers.get_model_deployment, ORG),
    _undocumented("GET", _MODEL + "/logs", telemetry.list_sampler_logs, ORG),
    _undocumented("POST", _MODEL + "/logs", telemetry.list_sampler_logs, ORG),
    _undocumented("GET", "/v1/audit_logs", audit_log.list_entries, ORG),
    _undocumented("GET", "/v1/billing/usage_summary", billing.get_usage_summary, ORG),
    _undocumented("GET", "/v1/users/me", account.get_identity, None),
    _undocumented("GET", "/v1/api_keys", account.list_keys, None),
    _undocumented("GET", "/v1/instance_types", account.list_instance_types, None),
    _undocumented("GET", "/v1/instance_type_prices", account.list_prices, None),
    _undocumented("GET", "/v1/teams", teams.list_teams, None),
    _undocumented("POST", _TEAM + "/sessions", teams.check_team(sessions.create_session), ORG),
    _undocumented("GET", _TEAM + "/runs", teams.check_team(runs.list_runs), OWN),
    _undocumented("POST", _TEAM + "/runs", teams.check_team(runs.create_run_with_sampler), ORG),
    _undocumented("POST", _TEAM + "/trainers", teams.check_team(runs.create_trainer), ORG),
    _undocumented("GET", _TEAM + "/samplers", teams.check_team(samplers.list_samplers), OWN),
    _undocumented(
        "POST", _TEAM + "/samplers", teams.check_team(samplers.create_standalone_sampler), ORG
    ),
)


ROUTES = DOCUMENTED + LEGACY + UNDOCUMENTED


def list_routes(generation: str) -> tuple[Route, ...]:
    """The routes of this generation."""
    return tuple(one for one in ROUTES if generation in one.generations)
