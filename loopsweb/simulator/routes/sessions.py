"""Sessions: created and fetched, never listed."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.entities import Session
from loopsweb.simulator.exchange import Answer, answer
from loopsweb.simulator.fields import optional_text
from loopsweb.simulator.serialization import bent


def session_json(session: Session) -> dict[str, object]:
    return {"session": bent({"id": session.id}, session)}


def create(call: Call) -> Answer:
    """POST /v1/loops/sessions and POST /v1/trainer_sessions."""
    project = optional_text(call.body(), "training_project_id")
    session = call.world.add_session(owner=call.caller, training_project_id=project)
    return answer(session_json(session))


def show(call: Call) -> Answer:
    """GET /v1/loops/sessions/{session_id}."""
    session = call.find(call.world.sessions, call.params["session_id"], "Session")
    return answer(session_json(session))
