"""A new session key whenever the person proves who they are: one that was seen before is worth
nothing then."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import authentication_step_completed, user_logged_in
from allauth.usersessions.models import UserSession
from django.dispatch import receiver
from django.http import HttpRequest


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


def renew_session_key(request: HttpRequest) -> None:
    old = request.session.session_key
    request.session.cycle_key()
    sessions = UserSession.objects.filter(session_key=old)
    sessions.update(session_key=request.session.session_key)
