"""Which of the sessions that allauth lists a browser still has."""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet


def find_live_sessions(*, now: datetime) -> QuerySet[UserSession]:
    """In one query, unlike allauth's."""
    live = Session.objects.filter(expire_date__gt=now).values("session_key")
    sessions: QuerySet[UserSession] = UserSession.objects.filter(
        user__is_active=True, session_key__in=live
    )
    return sessions
