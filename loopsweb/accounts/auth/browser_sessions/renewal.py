"""A new session key whenever the person proves who they are, and an end of all other sessions with
a new password: what somebody saw or took before is worth nothing then."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
    user_logged_in,
)
from allauth.usersessions.models import UserSession
from django.dispatch import receiver
from django.http import HttpRequest

from loopsweb.accounts.auth.browser_sessions.live import find_other_sessions
from loopsweb.accounts.models import User


@receiver(authentication_step_completed)
def renew_after_reauthentication(
    request: HttpRequest,
    reauthenticated: bool = False,  # noqa: FBT001, FBT002
    **_: Any,
) -> None:
    if reauthenticated:
        renew_session_key(request)


@receiver(user_logged_in)
def renew_after_sign_in(request: HttpRequest, **_: Any) -> None:
    """Django does so itself, but not for a person who was signed in before, as people are who
    reauthenticate at an identity provider."""
    renew_session_key(request)


@receiver(password_changed)
@receiver(password_set)
@receiver(password_reset)
def delete_other_sessions(request: HttpRequest, user: User, **_: Any) -> None:
    """Django lets nobody in with them any more; then no list may show them either."""
    for session in find_other_sessions(request, user):
        session.end()


def renew_session_key(request: HttpRequest) -> None:
    old = request.session.session_key
    request.session.cycle_key()
    sessions = UserSession.objects.filter(session_key=old)
    sessions.update(session_key=request.session.session_key)
