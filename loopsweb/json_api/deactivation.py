"""Deactivation by a script, under the same rules as on the page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import Actor
from loopsweb.json_api.authentication import require_acting_token
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.query_parameters import bad_request
from loopsweb.json_api.schemas import to_json
from loopsweb.json_api.tokens.models import AccessToken
from loopsweb.keys.clients import NoKey
from loopsweb.resources.deactivations.actions import AlreadyRequested
from loopsweb.resources.deactivations.forms import DeactivateForm, build_form
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deactivations.targets import Kind

FIELDS = ("reason", "confirm", "once_synced_hours")


@require_acting_token
def deactivate(
    request: HttpRequest, token: AccessToken, by: Actor, kind: Kind, remote_id: str
) -> HttpResponse:
    """Answers 200 once the API has accepted it, 202 until then."""
    fields = parse_body(request)
    row = None if "\x00" in remote_id else kind.find(token.workspace, remote_id)
    if row is None:
        unknown = f"There is no {kind.noun} with this id in this workspace."
        raise Problem(HTTPStatus.NOT_FOUND, unknown)
    row.workspace = token.workspace
    data = {"reason": fields.get("reason", ""), "typed": fields.get("confirm", "")}
    if hours := fields.get("once_synced_hours"):
        data |= {"once_synced": "true", "sync_hours": hours}
    form = build_form(row, person=token.person, data=data)
    if (status := form.check()) != HTTPStatus.OK:
        raise Problem(status, describe_errors(form, status))
    try:
        done = form.submit(person=token.person, by=by, clock=timezone.now, token=str(token))
    except AlreadyRequested as error:
        detail = f"{error} Its incident is {error.deactivation.incident}."
        raise Problem(HTTPStatus.CONFLICT, detail) from error
    except NoKey as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
    except NotRecorded as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    answer = done.answer or {}
    if done.state == State.REFUSED:
        raise Problem(
            HTTPStatus.BAD_GATEWAY,
            answer.get("said") or answer.get("error") or "The Loops API refused it.",
        )
    if not done.spec.sent and not done.spec.open:
        raise Problem(HTTPStatus.CONFLICT, f"Nothing was sent. {answer.get('error', '')}".strip())
    is_done = done.state in (State.SUCCEEDED, State.CONFIRMED)
    status = HTTPStatus.OK if is_done else HTTPStatus.ACCEPTED
    return JsonResponse(describe_deactivation(done), status=status)


def parse_body(request: HttpRequest) -> dict[str, str]:
    """Raises Problem unless the body is a JSON object of strings with known fields."""
    try:
        body = msgspec.json.decode(request.body or b"{}", type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request("The body must be a JSON object of strings.") from error
    for name in body:
        if name not in FIELDS:
            raise bad_request(f"Unknown field {name!r}. Known fields: {', '.join(FIELDS)}.")
    return body


def describe_errors(form: DeactivateForm, status: HTTPStatus) -> str:
    """The form's errors in one line, under the names of the JSON fields."""
    lines = [str(error) for error in form.non_field_errors()]
    if status == HTTPStatus.CONFLICT:  # other values of the fields would not help
        return " ".join(lines)
    if "reason" in form.errors:
        lines.append(f"reason: {form.errors['reason'][0]}")
    if "typed" in form.errors:
        lines.append(f"confirm: send its id. {form.requirements.typed_id}")
    waits = [form.errors[name][0] for name in ("sync_hours", "once_synced") if name in form.errors]
    lines += [f"once_synced_hours: {each}" for each in waits]
    return " ".join(lines)


def describe_deactivation(done: Deactivation) -> dict[str, Any]:
    return {
        "incident": str(done.incident),
        "id": done.target_remote_id,
        "state": done.state,
        "waits_for": done.why_approval or None,
        "requested_at": to_json(done.requested_at),
        "sent_from": to_json(done.due_at) if done.is_delayed else None,
        "expires_at": to_json(done.expires_at),
        "awaited": [each["id"] for each in done.awaited],
        "sync_until": to_json(done.sync_until),
    }
