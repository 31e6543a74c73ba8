"""The organisation's audit log. It has nothing about Loops."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.field_validation import read_query_integer
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.identities import AuditLogEntry
from loopsweb.simulator.serialization import format_timestamp


def list_entries(request: AuthorizedRequest) -> Response:
    """GET /v1/audit_logs: newest first, for admins."""
    if request.key.type != "WORKSPACE_MANAGE_ALL":
        raise ApiError(403, "The audit log is for admins of the workspace.", "MISSING_PERMISSION")
    limit = read_query_integer(request.query, "limit", default=20, least=1, most=200)
    known = request.world.audit_log
    newest = read_query_integer(request.query, "cursor", default=len(known), least=0)
    organization = request.caller.organization
    found = [
        (number, entry)
        for number, entry in enumerate(known[:newest])
        if entry.actor.organization == organization
    ][::-1]
    has_more = len(found) > limit
    cursor = str(found[limit][0] + 1) if has_more else None
    items = [serialize_entry(number, entry) for number, entry in found[:limit]]
    return respond_json({"items": items, "pagination": {"has_more": has_more, "cursor": cursor}})


def serialize_entry(number: int, entry: AuditLogEntry) -> dict[str, Any]:
    return {
        "id": f"audit_{number}",
        "created": format_timestamp(entry.at),
        "event_type": entry.event_type,
        "event_data": {"event_type": entry.event_type, **entry.details},
        "source": "API",
        "actor": {"type": "USER", "email": entry.actor.email},
        "client_name": None,
        "client_version": None,
        "client_session_id": None,
    }
