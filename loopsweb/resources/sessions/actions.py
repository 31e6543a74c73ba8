"""Making a session, and taking in one whose id a person knows."""

from __future__ import annotations

from datetime import datetime

from loopsweb.keys.clients import Acting
from loopsweb.loops_api import types
from loopsweb.resources import creating
from loopsweb.resources.reading import Reading
from loopsweb.resources.sessions import sync
from loopsweb.resources.sessions.models import Origin


def create(order: creating.Order) -> types.Session:
    """`order.asked` may name a training_project_id. Raises what creating.create raises."""
    call = order.acting.client.create_session
    return creating.create("session", order, call, keep_created=sync.keep_created)


def enter(*, session_id: str, acting: Acting, now: datetime) -> None:
    """Take in a session by its id. Raises errors.NotFound when the API knows none such."""
    acting.client.get_session(session_id)
    sync.harvest([session_id], reading=Reading.by(acting.key, now=now), origin=Origin.ENTERED)
