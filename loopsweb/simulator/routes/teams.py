"""Teams. Every organisation has one, of the organisation's name."""

from __future__ import annotations

from collections.abc import Callable

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.http_messages import ApiError, Response, respond_json


def get_team_id(request: AuthorizedRequest) -> str:
    return f"team_{request.caller.organization}"


def list_teams(request: AuthorizedRequest) -> Response:
    """GET /v1/teams."""
    team = {"id": get_team_id(request), "name": request.caller.organization, "default": True}
    return respond_json({"teams": [team | {"created_at": "2025-01-15T09:00:00Z"}]})


def check_team(
    handler: Callable[[AuthorizedRequest], Response],
) -> Callable[[AuthorizedRequest], Response]:
    """The handler for /v1/teams/{team_id}/loops. 404 for another team."""

    def in_team(request: AuthorizedRequest) -> Response:
        wanted = request.params["team_id"]
        if wanted != get_team_id(request):
            raise ApiError(404, f"Team {wanted!r} was not found.")
        return handler(request)

    return in_team
