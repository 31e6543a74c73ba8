"""Ending browser sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction

from loopsweb.accounts.models import User
from loopsweb.accounts.teams.audit import record_person_event
from loopsweb.audit.record import Actor


@transaction.atomic
def end_sessions(*, sessions: Iterable[UserSession], person: User, by: Actor, now: datetime) -> int:
    """End them and return their number. Each browser is signed out at its next request."""
    ended = list(sessions)
    if ended:
        record_person_event(person, "session.end", by=by, now=now, answer={"sessions": len(ended)})
    for session in ended:
        session.end()
    return len(ended)
