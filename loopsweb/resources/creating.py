"""Making something through the API: the record first, the call second, the outcome last."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, follow_up, record
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import errors
from loopsweb.resources.keeping import Named

N = TypeVar("N", bound=Named)


class AlreadySubmitted(Exception):
    """The same form was sent before; nothing was called this time."""


def create(
    noun: str,
    call: Callable[[], N],
    *,
    asked: dict[str, Any],
    once: uuid.UUID,
    acting: Acting,
    by: Actor,
    clock: Callable[[], datetime],
) -> N:
    """What the API made. `asked` is what was sent to it, `once` the form's own id.

    Raises AlreadySubmitted, or the LoopsError of the call, which is not repeated.
    """
    try:
        with transaction.atomic(durable=True):
            record(
                **by,
                action=f"{noun}.create",
                outcome=Outcome.REQUESTED,
                key_label=str(acting.key),
                key_fingerprint=acting.key.fingerprint,
                target_noun=noun,
                target_name=asked.get("name") or asked.get("base_model") or "",
                answer={"asked": asked},
                incident=once,
                now=clock(),
            )
    except IntegrityError as error:
        raise AlreadySubmitted from error
    try:
        made = call()
    except errors.LoopsError as error:
        outcome = Outcome.UNKNOWN if error.may_have_been_received else Outcome.REFUSED
        said = {"error": error.message, "said": error.plain}
        follow_up(once, outcome=outcome, answer=said, now=clock())
        raise
    follow_up(
        once, outcome=Outcome.SUCCEEDED, answer={"id": made.id}, target_id=made.id, now=clock()
    )
    return made
