"""The API scope and the newer route that each client method needs.

Servers may lack the newer routes; a key's `offers` says which ones its server has.
"""

from __future__ import annotations

from dataclasses import dataclass

OWN = "manage_own_user_or_service_account"
ORGANISATION = "manage_org_training_projects"

SCOPES = {
    OWN: "Lists runs, samplers and checkpoints.",
    ORGANISATION: (
        "Lists and deactivates deployments, opens details and checkpoint files, "
        "creates sessions, runs and samplers."
    ),
}

NEWER_ROUTES = {
    "get_identity": ("GET /v1/users/me", "Shows whose key this is."),
    "get_capabilities": ("GET /v1/loops/capabilities", "Base models to choose from."),
    "scope_org": ("GET /v1/loops/runs?scope=org", "Everyone's runs, not only the key owner's."),
    "list_prices": ("GET /v1/instance_type_prices", "Cost per hour."),
    "list_api_keys": ("GET /v1/api_keys", "Shows what kind of key this is."),
    "validate_checkpoint": ("POST /v1/loops/checkpoints/validate", "Checks a bt:// URI."),
    "deactivate_run": ("POST /v1/loops/runs/…/deactivate", "Deactivates a run."),
    "deactivate_sampler": (
        "POST /v1/loops/samplers/…/deactivate",
        "Deactivates a standalone sampler.",
    ),
    "list_logs": ("GET /v1/loops/deployments/…/logs", "Logs of a deployment."),
    "get_metrics": ("POST /v1/loops/deployments/…/metrics", "Charts of a deployment."),
    "set_checkpoint_ttl": ("PUT /v1/loops/checkpoints/…/ttl", "When a checkpoint expires."),
    "delete_checkpoint": ("DELETE /v1/loops/checkpoints/…", "Deletes a checkpoint."),
}

_OWN_METHODS = {"list_runs", "list_samplers", "list_checkpoints"}
_UNSCOPED_METHODS = {"get_identity", "list_api_keys"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """scope: "" if any key will do. newer: "" for a route that every server has."""

    scope: str
    newer: str


def find_requirement(method: str) -> Requirement:
    """method: of the client, such as "deactivate_deployment"."""
    if method in _UNSCOPED_METHODS:
        return Requirement(scope="", newer=method)
    scope = OWN if method in _OWN_METHODS else ORGANISATION
    return Requirement(scope=scope, newer=method if method in NEWER_ROUTES else "")
