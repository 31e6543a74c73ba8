"""The ways in which the simulated API fails."""

from __future__ import annotations

from typing import Any

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"
GETS = ("runs", "samplers", "deployments", "checkpoints", "deployments/{deployment_id}")
ROUTES = (
    *("*", "*", "GET *", "POST *"),
    *(f"GET /v1/loops/{each}" for each in GETS),
    DEACTIVATE,
)
FAULTS = (
    *({"mode": "rate_limit", "retry_after": seconds} for seconds in (2, 40, 120)),
    *({"mode": "status", "status": status} for status in (500, 503, 504, 401, 403, 404)),
    {"mode": "status", "status": 200, "body": {}},
    {"mode": "status", "status": 200, "body": []},
    {"mode": "html"},
    *({"mode": "slow", "seconds": seconds} for seconds in (3, 20, 25, 50)),
    *({"mode": mode} for mode in ("reset", "truncated", "empty")),
)
LOST_ANSWERS: tuple[dict[str, Any], ...] = (
    *({}, {}),
    {"mode": "status", "status": 504},
    {"mode": "slow", "seconds": 50},
    *({"mode": mode} for mode in ("reset", "truncated", "empty")),
)
