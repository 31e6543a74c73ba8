"""Making something through the API: the record first, the call second, the outcome last."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from loopsweb.audit.durable import committed
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, follow_up, record
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import errors
from loopsweb.resources.pages.idempotency import Submission
from loopsweb.resources.snapshot import poll_state
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.store import Named

N = TypeVar("N", bound=Named)
N_contra = TypeVar("N_contra", contravariant=True)


class Keep(Protocol[N_contra]):
    """Put what was made into the snapshot, before the next list names it."""

    def __call__(
        self, made: N_contra, /, *, asked: Mapping[str, Any], reading: Reading
    ) -> None: ...


class AlreadySubmitted(Exception):
    """The same form was sent before; nothing was called this time."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for, in the API's own fields (None is not sent), by whom, with which key.

    `once` is the form's own id: an order is carried out once. `clock` tells aware times in UTC.
    `incident` ties its events together; it is ours, never the browser's.
    """

    asked: dict[str, Any]
    once: uuid.UUID
    acting: Acting
    by: Actor
    clock: Callable[[], datetime]
    incident: uuid.UUID = field(default_factory=uuid.uuid4)


def create(noun: str, order: Order, call: Callable[..., N], *, keep_created: Keep[N]) -> N:
    """What the API made of the order, in the snapshot at once.

    Raises AlreadySubmitted, NotRecorded, or the LoopsError of the call, which is not repeated.
    """
    asked = {name: value for name, value in order.asked.items() if value is not None}
    begin(noun, order, asked=asked)
    try:
        made = call(**asked)
    except errors.LoopsError as error:
        outcome = Outcome.UNKNOWN if error.may_have_been_received else Outcome.REFUSED
        said = {"error": error.message, "said": error.plain}
        follow_up(order.incident, outcome=outcome, answer=said, now=order.clock())
        raise
    follow_up(
        order.incident,
        outcome=Outcome.SUCCEEDED,
        answer={"id": made.id},
        target_id=made.id,
        now=order.clock(),
    )
    key = order.acting.key
    keep_created(made, asked=asked, reading=Reading.by(key, now=order.clock()))
    poll_state.poll_soon(key.workspace, now=order.clock())
    return made


def begin(noun: str, order: Order, *, asked: dict[str, Any]) -> None:
    """Commit what is about to be asked for. When this raises, nothing has been done: NotRecorded,
    AlreadySubmitted."""
    key, now = order.acting.key, order.clock()
    with committed():
        _, is_new = Submission.objects.get_or_create(
            workspace=key.workspace, once=order.once, defaults={"at": now}
        )
        if not is_new:
            raise AlreadySubmitted
        record(
            **order.by,
            action=f"{noun}.create",
            outcome=Outcome.REQUESTED,
            key_label=str(key),
            key_fingerprint=key.fingerprint,
            target_noun=noun,
            target_name=asked.get("name") or asked.get("base_model") or "",
            answer={"asked": asked},
            incident=order.incident,
            now=now,
        )
