"""Ending browser sessions. Each browser is signed out at its next request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction

from loopsweb.accounts.models import Team, User
from loopsweb.accounts.teams.audit import record_person_event, record_team_event
from loopsweb.audit.record import Actor


@transaction.atomic
def end_sessions(
    *,
    sessions: Iterable[UserSession],
    person: User,
    by: Actor,
    now: datetime,
    by_staff: bool = False,
) -> int:
    """End them and return their number. by_staff: `by` is not the person, but staff."""
    ended = list(sessions)
    if ended:
        answer = {"sessions": len(ended)}
        record_person_event(person, "session.end", by=by, now=now, by_staff=by_staff, answer=answer)
    for session in ended:
        session.end()
    return len(ended)


@transaction.atomic
def end_member_session(*, session: UserSession, team: Team, by: Actor, now: datetime) -> None:
    """Recorded for the team alone: its admin has no part in the person's other teams."""
    person = ("person", session.user.email)
    record_team_event(team, "session.end", target=person, by=by, now=now, answer={"sessions": 1})
    session.end()
