"""Sessions. The API has no list of them."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.entities import Session
from loopsweb.simulator.field_validation import read_optional_text
from loopsweb.simulator.http_messages import Response, respond_json
from loopsweb.simulator.serialization import apply_overrides


def serialize_session(session: Session) -> dict[str, object]:
    return {"session": apply_overrides({"id": session.id}, session)}


def create_session(request: AuthorizedRequest) -> Response:
    """POST /v1/loops/sessions and POST /v1/trainer_sessions."""
    project = read_optional_text(request.parse_body(), "training_project_id")
    session = request.world.add_session(owner=request.caller, training_project_id=project)
    return respond_json(serialize_session(session))


def get_session(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/sessions/{session_id}."""
    session = request.find_visible(request.world.sessions, request.params["session_id"], "Session")
    return respond_json(serialize_session(session))
