"""Teams. Every organisation has a default one, of the organisation's name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Run, Sampler, Session
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.identities import Team
from loopsweb.simulator.serialization import format_timestamp

FOUNDED = datetime(2025, 1, 15, 9, tzinfo=UTC)
InSession = TypeVar("InSession", Run, Sampler)


def get_default_team(request: AuthorizedRequest) -> Team:
    name = request.caller.organization
    return Team(f"team_{name}", name, name, FOUNDED, default=True)


def get_teams(request: AuthorizedRequest) -> list[Team]:
    """The teams of the caller's organisation, the default one first."""
    organization = request.caller.organization
    others = [one for one in request.world.teams if one.organization == organization]
    return [get_default_team(request), *others]


def list_teams(request: AuthorizedRequest) -> Response:
    """GET /v1/teams."""
    teams = [
        {
            "id": one.id,
            "name": one.name,
            "default": one.default,
            "created_at": format_timestamp(one.created_at),
        }
        for one in get_teams(request)
    ]
    return respond_json({"teams": teams})


def check_team(
    handler: Callable[[AuthorizedRequest], Response],
) -> Callable[[AuthorizedRequest], Response]:
    """The handler for /v1/teams/{team_id}/loops. 404 for another organisation's team."""

    def in_team(request: AuthorizedRequest) -> Response:
        wanted = request.params["team_id"]
        if wanted not in [one.id for one in get_teams(request)]:
            raise ApiError(404, f"Team {wanted!r} was not found.")
        return handler(request)

    return in_team


def is_in_team(request: AuthorizedRequest, session: Session | None) -> bool:
    """True if the path names no team, or the session's."""
    wanted = request.params.get("team_id")
    team_id = None if session is None else session.team_id
    return wanted in (None, team_id or get_default_team(request).id)


def filter_team(request: AuthorizedRequest, entities: list[InSession]) -> list[InSession]:
    """Those of the path's team; all of them if the path names none."""
    sessions = request.world.sessions
    return [one for one in entities if is_in_team(request, sessions.get(one.session_id))]
