"""Ending something by a script: what a page demands of its person is demanded of it as well."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import Actor
from loopsweb.json_api.authentication import acting
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.query_parameters import bad
from loopsweb.json_api.schemas import value
from loopsweb.json_api.tokens.models import AccessToken
from loopsweb.keys.clients import NoKey
from loopsweb.resources.deactivations.actions import AlreadyRequested
from loopsweb.resources.deactivations.forms import Deactivate
from loopsweb.resources.deactivations.models import Deactivation, State
from loopsweb.resources.deactivations.pressing import OK, Changed, form_for, press, why_not_now
from loopsweb.resources.deactivations.targets import Kind

FIELDS = ("reason", "confirm")


@acting
def deactivation(
    request: HttpRequest, token: AccessToken, by: Actor, kind: Kind, remote_id: str
) -> HttpResponse:
    """Answers 200 when the API took it, 202 while that is open."""
    sent = body_of(request)
    row = None if "\x00" in remote_id else kind.find(token.workspace, remote_id)
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"No {kind.noun} of this id is known here.")
    row.workspace = token.workspace
    data = {"reason": sent.get("reason", ""), "typed": sent.get("confirm", "")}
    form = form_for(row, person=token.person, data=data, may_break_glass=False)
    if (status := why_not_now(form)) != OK:
        what = ended(form) if status == HTTPStatus.CONFLICT else complaint(form)
        raise Problem(HTTPStatus(status), what)
    try:
        done = press(form, person=token.person, by=by, clock=timezone.now, token=str(token))
    except AlreadyRequested as why:
        said = f"{why} Its incident is {why.deactivation.incident}."
        raise Problem(HTTPStatus.CONFLICT, said) from why
    except (NoKey, Changed) as why:
        raise Problem(HTTPStatus.CONFLICT, str(why)) from why
    except NotRecorded as why:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(why)) from why
    if done.state == State.REFUSED:
        raise Problem(HTTPStatus.BAD_GATEWAY, (done.answer or {}).get("said") or "It was refused.")
    is_done = done.state in (State.SUCCEEDED, State.CONFIRMED)
    return JsonResponse(told(done), status=HTTPStatus.OK if is_done else HTTPStatus.ACCEPTED)


def body_of(request: HttpRequest) -> dict[str, str]:
    """Raises Problem for what is no object of texts, or says what is not asked for."""
    try:
        sent: Any = msgspec.json.decode(request.body or b"{}", type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # of its shape as well
        raise bad("The body is a JSON object of texts: reason, confirm.") from error
    for name in sent:
        if name not in FIELDS:
            raise bad(f"There is no field {name!r}; there are {', '.join(FIELDS)}.")
    return dict(sent)


def ended(form: Deactivate) -> str:
    return " ".join(str(error) for error in form.non_field_errors())


def complaint(form: Deactivate) -> str:
    """What a page would say at its fields, and why it asks."""
    said = [str(error) for error in form.non_field_errors()]
    if "reason" in form.errors:
        said.append(f"reason: {form.errors['reason'][0]}")
    if "typed" in form.errors:
        said.append(f"confirm: send its id. {form.asked.typing}")
    return " ".join(said)


def told(done: Deactivation) -> dict[str, Any]:
    return {
        "incident": str(done.incident),
        "id": done.target_remote_id,
        "state": done.state,
        "waits_for": done.why_approval or None,
        "requested_at": value(done.requested_at),
        "sent_from": value(done.due_at),
        "expires_at": value(done.expires_at),
    }
