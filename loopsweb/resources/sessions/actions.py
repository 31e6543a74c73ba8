"""Creating a session, and adding one whose id a person knows."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.keys.clients import KeyClient
from loopsweb.loops_api import types
from loopsweb.resources.pages import creation
from loopsweb.resources.sessions import sync
from loopsweb.resources.sessions.models import Origin
from loopsweb.resources.snapshot.poll_context import PollContext


def create_session(request: creation.CreationRequest) -> types.Session:
    """`request.fields` may have a training_project_id. Raises what create_through_api raises."""
    call = request.key_client.client.create_session
    return creation.create_through_api("session", request, call, store=sync.store_created_session)


def add_session(*, session_id: str, key_client: KeyClient, by: Actor, now: datetime) -> None:
    """Add a session by its id. Raises errors.NotFound when the API does not know it."""
    key_client.client.get_session(session_id)
    key, poll = key_client.key, PollContext.for_key(key_client.key, now=now)
    with transaction.atomic():
        sync.store_sessions([session_id], poll=poll, origin=Origin.ENTERED)
        record_event(
            **by,
            action="session.enter",
            outcome=Outcome.SUCCEEDED,
            key_label=str(key),
            key_fingerprint=key.fingerprint,
            target_noun="session",
            target_id=session_id,
            now=now,
        )
