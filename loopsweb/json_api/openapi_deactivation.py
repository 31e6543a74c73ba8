"""The description of what ends something."""

from __future__ import annotations

from typing import Any

from loopsweb.json_api.openapi_parts import (
    TEXT_OR_NULL,
    TIME_OR_NULL,
    WORKSPACE,
    object_of,
    problems,
)
from loopsweb.resources.deactivations.models import State
from loopsweb.resources.deactivations.targets import Kind

LONGEST_ID, LONGEST_REASON = 255, 1000
PROBLEMS = {
    "400": "The body is not understood.",
    "401": "No token, or one that is unknown, expired or revoked.",
    "403": "The token only reads, its person's role does, or loopsweb is read-only.",
    "404": "The token does not open this workspace, or nothing of this id is known in it.",
    "405": "A deactivation is asked for by POST.",
    "409": "It has ended, was asked for already, or no API key can do it.",
    "422": "It is protected, or a reason is missing, or `confirm` where it is demanded.",
    "429": "Too often: wait as long as Retry-After says, in seconds.",
    "502": "The Loops API did not do it. Nothing was changed.",
    "503": "It could not be recorded, so nothing was done.",
}
DONE = object_of(
    {
        "incident": {"type": "string", "format": "uuid"},
        "id": {"type": "string"},
        "state": {"type": "string", "enum": list(State.values)},
        "waits_for": TEXT_OR_NULL,
        "requested_at": TIME_OR_NULL,
        "sent_from": TIME_OR_NULL,
        "expires_at": TIME_OR_NULL,
    }
)
ASKED = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "reason": {
            "type": "string",
            "maxLength": LONGEST_REASON,
            "description": "Kept in the audit trail, beside the name of the token's person.",
        },
        "confirm": {
            "type": "string",
            "maxLength": LONGEST_ID,
            "description": "Its id, where it is somebody else's or something would be lost.",
        },
    },
}


def deactivation(kind: Kind) -> dict[str, Any]:
    done = {"application/json": {"schema": DONE}}
    return {
        "operationId": f"deactivate_{kind.noun}",
        "summary": f"End a {kind.noun}, under the same rules as on its page. Never sent twice.",
        "parameters": [WORKSPACE, ID],
        "requestBody": {"content": {"application/json": {"schema": ASKED}}},
        "responses": {
            "200": {"description": "The Loops API accepted it.", "content": done},
            "202": {
                "description": "Recorded: it waits for a second person, is about to be sent, or "
                "its outcome is being asked for. Follow `incident` in the audit.",
                "content": done,
            },
            **problems(PROBLEMS),
        },
    }


ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
}
