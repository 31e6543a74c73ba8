"""Making a session, and taking in one whose id a person knows."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import types
from loopsweb.resources.pages import creation
from loopsweb.resources.sessions import sync
from loopsweb.resources.sessions.models import Origin
from loopsweb.resources.snapshot.poll_context import Reading


def create(order: creation.Order) -> types.Session:
    """`order.asked` may name a training_project_id. Raises what creating.create raises."""
    call = order.acting.client.create_session
    return creation.create("session", order, call, keep_created=sync.keep_created)


def enter(*, session_id: str, acting: Acting, by: Actor, now: datetime) -> None:
    """Take in a session by its id. Raises errors.NotFound when the API knows none such."""
    acting.client.get_session(session_id)
    with transaction.atomic():
        keep_entered(session_id=session_id, acting=acting, by=by, now=now)


def keep_entered(*, session_id: str, acting: Acting, by: Actor, now: datetime) -> None:
    sync.harvest([session_id], reading=Reading.by(acting.key, now=now), origin=Origin.ENTERED)
    record(
        **by,
        action="session.enter",
        outcome=Outcome.SUCCEEDED,
        key_label=str(acting.key),
        key_fingerprint=acting.key.fingerprint,
        target_noun="session",
        target_id=session_id,
        now=now,
    )
