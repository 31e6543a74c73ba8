"""Which of the sessions that allauth lists a browser still has, and which are other browsers'."""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest

from loopsweb.accounts.models import User


def find_live_sessions(*, now: datetime) -> QuerySet[UserSession]:
    """In one query, unlike allauth's."""
    live = Session.objects.filter(expire_date__gt=now).values("session_key")
    sessions: QuerySet[UserSession] = UserSession.objects.filter(
        user__is_active=True, session_key__in=live
    )
    return sessions


def find_other_sessions(request: HttpRequest, person: User) -> QuerySet[UserSession]:
    """All of the person's but the request's own."""
    sessions: QuerySet[UserSession] = UserSession.objects.filter(user=person)
    return sessions.exclude(session_key=request.session.session_key)
