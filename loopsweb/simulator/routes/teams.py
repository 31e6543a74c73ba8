"""Teams of the real API hold projects; here every organisation has one team, named as it is."""

from __future__ import annotations

from collections.abc import Callable

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.exchange import Answer, Refusal, answer


def team_id(call: Call) -> str:
    return f"team_{call.caller.organization}"


def list_(call: Call) -> Answer:
    """GET /v1/teams."""
    organization = call.caller.organization
    created_at = "2025-01-15T09:00:00Z"
    team = {
        "id": team_id(call),
        "name": organization,
        "default": True,
        "created_at": created_at,
    }
    return answer({"teams": [team]})


def only(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """The same route under /v1/teams/{team_id}/loops; 404 for another team."""

    def in_team(call: Call) -> Answer:
        wanted = call.params["team_id"]
        if wanted != team_id(call):
            raise Refusal(404, f"Team {wanted!r} was not found.")
        return handler(call)

    return in_team
