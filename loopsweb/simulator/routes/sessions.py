"""Sessions. The API has no list of them."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Session
from loopsweb.simulator.field_validation import read_optional_text, refuse_unknown
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes.teams import get_default_team, is_in_team
from loopsweb.simulator.serialization import apply_overrides


def serialize_session(session: Session) -> dict[str, object]:
    return {"session": apply_overrides({"id": session.id}, session)}


def find_session(request: AuthorizedRequest, session_id: str) -> Session:
    """The session. 404 if the caller may not see it or it is another team's than the path's."""
    session = request.find_visible(request.world.sessions, session_id, "Session")
    if not is_in_team(request, session):
        raise ApiError(404, f"Session {session_id!r} was not found.")
    return session


def create_session(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/sessions, its team's route, and POST /v1/trainer_sessions."""
    body = request.parse_body()
    refuse_unknown(body, ("training_project_id",))
    project = read_optional_text(body, "training_project_id")
    team_id = request.params.get("team_id")
    session = request.world.add_session(
        owner=request.caller,
        training_project_id=project,
        team_id=None if team_id == get_default_team(request).id else team_id,
    )
    return respond_json(serialize_session(session))


def get_session(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/sessions/{session_id}."""
    return respond_json(serialize_session(find_session(request, request.params["session_id"])))
