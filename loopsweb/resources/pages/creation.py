"""Creating something through the API: record the request, call, record the outcome."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from loopsweb.audit.durable import durable_transaction
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event, record_follow_up
from loopsweb.keys.clients import KeyClient
from loopsweb.loops_api import errors
from loopsweb.resources.pages.idempotency import claim_submission
from loopsweb.resources.snapshot import poll_state
from loopsweb.resources.snapshot.changed_rows import ApiObject
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.starts import record_start

N = TypeVar("N", bound=ApiObject)


class NotSupported(Exception):
    """The client cannot send these fields to a server of this generation. Nothing was sent."""


@dataclass(frozen=True, kw_only=True)
class CreationRequest:
    """`fields` are the API's own; None is not sent. `once` is the form's id: a form is carried out
    once. `clock` returns aware times in UTC. `incident` ties the audit events together.
    """

    fields: dict[str, Any]
    once: uuid.UUID
    key_client: KeyClient
    by: Actor
    clock: Callable[[], datetime]
    incident: uuid.UUID = field(default_factory=uuid.uuid4)


def create_through_api(
    noun: str, request: CreationRequest, call: Callable[..., N], *, store: Callable[..., None]
) -> N:
    """Returns what the API created. `store` is called with it, with what was `sent` and a `poll`,
    so that it shows before the next list has it.

    Raises AlreadySubmitted, NotRecorded, NotSupported, or the LoopsError of the call, which is not
    repeated.
    """
    sent = {name: value for name, value in request.fields.items() if value is not None}
    record_request(noun, request, sent=sent)
    try:
        created = call(**sent)
    except errors.LoopsError as error:
        record_failure(request.incident, error, now=request.clock())
        raise
    except ValueError as error:
        said = {"said": str(error)}
        record_follow_up(
            request.incident, outcome=Outcome.REFUSED, answer=said, now=request.clock()
        )
        raise NotSupported(str(error)) from error
    record_follow_up(
        request.incident,
        outcome=Outcome.SUCCEEDED,
        answer={"id": created.id},
        target_id=created.id,
        now=request.clock(),
    )
    key = request.key_client.key
    record_start(key.workspace, noun, created.id, sent.get("path") or sent.get("model_path") or "")
    store(created, sent=sent, poll=PollContext.for_key(key, now=request.clock()))
    poll_state.schedule_polls(key.workspace, now=request.clock())
    return created


def record_failure(incident: uuid.UUID, error: errors.LoopsError, *, now: datetime) -> None:
    outcome = Outcome.UNKNOWN if error.may_have_been_received else Outcome.REFUSED
    said = {"error": error.message, "said": error.plain}
    record_follow_up(incident, outcome=outcome, answer=said, now=now)


def record_request(noun: str, request: CreationRequest, *, sent: dict[str, Any]) -> None:
    """Commit the audit event before the call. Raises NotRecorded or AlreadySubmitted; then nothing
    was sent."""
    key, now = request.key_client.key, request.clock()
    with durable_transaction():
        claim_submission(key.workspace, request.once, now=now)
        record_event(
            **request.by,
            action=f"{noun}.create",
            outcome=Outcome.REQUESTED,
            key_label=str(key),
            key_fingerprint=key.fingerprint,
            target_noun=noun,
            target_name=sent.get("name") or sent.get("base_model") or "",
            answer={"asked": sent},
            incident=request.incident,
            now=now,
        )
