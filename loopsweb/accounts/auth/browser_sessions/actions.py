"""Ending sessions: the browser they belong to is signed out with its next request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction

from loopsweb.accounts.models import User
from loopsweb.accounts.teams.audit import tell_teams_of
from loopsweb.audit.record import Actor


@transaction.atomic
def end(*, sessions: Iterable[UserSession], person: User, by: Actor, now: datetime) -> int:
    """How many were ended."""
    ended = list(sessions)
    if ended:
        tell_teams_of(person, "session.end", by=by, now=now, answer={"sessions": len(ended)})
    for session in ended:
        session.end()
    return len(ended)
