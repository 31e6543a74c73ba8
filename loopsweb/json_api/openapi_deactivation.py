"""The deactivation operations of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from loopsweb.json_api.openapi_parts import (
    TEXT,
    TEXT_OR_NULL,
    TIME_OR_NULL,
    WORKSPACE,
    object_schema,
    path_parameter,
    problem_responses,
)
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deactivations.targets import Kind

LONGEST_ID, LONGEST_REASON = 255, 1000
ID = path_parameter("id", {"minLength": 1, "maxLength": LONGEST_ID})
PROBLEM_TEXTS = {
    "400": "The body is invalid.",
    "403": "The token, its owner's role or loopsweb itself is read-only.",
    "404": "The token gives no access to this workspace, or this id is unknown in it.",
    "405": "Request a deactivation with POST.",
    "409": "It has ended, a deactivation was already requested, or no API key can do it.",
    "422": "It is protected, or a required `reason` or `confirm` is missing.",
    "502": "The Loops API refused it. Nothing was changed.",
    "503": "It could not be recorded, so nothing was done.",
}
ANSWER_SCHEMA = object_schema(
    {
        "incident": TEXT | {"format": "uuid"},
        "id": TEXT,
        "state": {"type": "string", "enum": [state.value for state in State]},
        "waits_for": TEXT_OR_NULL,
        "requested_at": TIME_OR_NULL,
        "sent_from": TIME_OR_NULL,
        "expires_at": TIME_OR_NULL,
        "awaited": {"type": "array", "items": TEXT},
        "sync_until": TIME_OR_NULL,
    }
)
REASON_TEXT = "Recorded in the audit trail with the name of the token's owner."
CONFIRM_TEXT = "Its id; required if somebody else owns it or something would be lost."
SYNC_TEXT = (
    "1 to 168: wait until all checkpoints that sync now have synced, at most so many hours, and "
    "then deactivate it. If they have not by then, or one is lost, nothing is deactivated."
)
BODY_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "reason": TEXT | {"maxLength": LONGEST_REASON, "description": REASON_TEXT},
        "confirm": TEXT | {"maxLength": LONGEST_ID, "description": CONFIRM_TEXT},
        "once_synced_hours": TEXT | {"pattern": "^[0-9]{1,3}$", "description": SYNC_TEXT},
    },
}


def describe_deactivation(kind: Kind) -> dict[str, Any]:
    answer = {"application/json": {"schema": ANSWER_SCHEMA}}
    return {
        "operationId": f"deactivate_{kind.noun}",
        "summary": f"Deactivate a {kind.noun} by the rules of its page. Never sent twice.",
        "parameters": [WORKSPACE, ID],
        "requestBody": {"content": {"application/json": {"schema": BODY_SCHEMA}}},
        "responses": {
            "200": {"description": "The Loops API accepted it.", "content": answer},
            "202": {
                "description": "Recorded: it waits for approval or for checkpoints, is about to be "
                "sent, or its outcome is still unknown. Follow `incident` in the audit trail.",
                "content": answer,
            },
            **problem_responses(PROBLEM_TEXTS),
        },
    }
