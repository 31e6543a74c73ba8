"""Making a session, and taking in one whose id a person knows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from loopsweb.audit.record import Actor
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import types
from loopsweb.resources import creating
from loopsweb.resources.reading import Reading
from loopsweb.resources.sessions import sync
from loopsweb.resources.sessions.models import Origin


def create(
    *,
    training_project_id: str | None,
    once: uuid.UUID,
    acting: Acting,
    by: Actor,
    clock: Callable[[], datetime],
) -> types.Session:
    """Raises what creating.create raises."""
    made = creating.create(
        "session",
        lambda: acting.client.create_session(training_project_id=training_project_id),
        asked={"training_project_id": training_project_id},
        once=once,
        acting=acting,
        by=by,
        clock=clock,
    )
    sync.harvest([made.id], reading=Reading.by(acting.key, now=clock()), origin=Origin.CREATED)
    return made


def enter(*, session_id: str, acting: Acting, now: datetime) -> None:
    """Take in a session by its id. Raises errors.NotFound when the API knows none such."""
    acting.client.get_session(session_id)
    sync.harvest([session_id], reading=Reading.by(acting.key, now=now), origin=Origin.ENTERED)
