"""What a key is needed for: by method of the client, the scope it takes and the route it calls.

The two scopes are the API's. Routes beyond the document may be absent on a server; `newer` is the
name under which a key's `offers` remembers that.
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
    "get_identity": ("GET /v1/users/me", "Tells whose key this is."),
    "get_capabilities": ("GET /v1/loops/capabilities", "Base models to choose from."),
    "scope_org": ("GET /v1/loops/runs?scope=org", "Everybody's runs, not only the key owner's."),
    "list_prices": ("GET /v1/instance_type_prices", "Cost per hour."),
    "list_api_keys": ("GET /v1/api_keys", "Tells what kind of key this is."),
    "validate_checkpoint": ("POST /v1/loops/checkpoints/validate", "Checks a bt:// URI."),
    "deactivate_run": ("POST /v1/loops/runs/…/deactivate", "Ends one run."),
    "deactivate_sampler": ("POST /v1/loops/samplers/…/deactivate", "Ends a standalone sampler."),
    "list_logs": ("GET /v1/loops/deployments/…/logs", "Logs of a deployment."),
    "get_metrics": ("POST /v1/loops/deployments/…/metrics", "Charts of a deployment."),
    "set_checkpoint_ttl": ("PUT /v1/loops/checkpoints/…/ttl", "When a checkpoint expires."),
    "delete_checkpoint": ("DELETE /v1/loops/checkpoints/…", "Deletes a checkpoint."),
}

_OWN_SCOPE = {"list_runs", "list_samplers", "list_checkpoints"}
_NO_SCOPE = {"get_identity", "list_api_keys"}


@dataclass(frozen=True, slots=True)
class Need:
    """scope: "" where any key will do. newer: "" for a route that every server has."""

    scope: str
    newer: str


def need(method: str) -> Need:
    """What calling the client's `method`, such as "deactivate_deployment", takes."""
    if method in _NO_SCOPE:
        return Need(scope="", newer=method)
    scope = OWN if method in _OWN_SCOPE else ORGANISATION
    return Need(scope=scope, newer=method if method in NEWER_ROUTES else "")
