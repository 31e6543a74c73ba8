"""Wrong passwords and codes of someone who is signed in already, perhaps in another's browser.

Each is recorded. After three in a row the next has to wait; the fifth ends the session. They are
counted for the session, so that they keep nobody else out.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.models import User
from loopsweb.accounts.rate_limits import (
    clear_rate_limit,
    consume_rate_limit,
    is_rate_limit_exhausted,
)
from loopsweb.accounts.teams.audit import record_person_event
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request

LIMIT, PACE = "guess", "guess_pace"
WRONG_PASSWORD = "A wrong password was entered in a session of this person."  # noqa: S105
WRONG_CODE = "A wrong two-factor code was entered in a session of this person."
SLOW_DOWN = "Wait half a minute before you try again. Until then, nothing is checked."
SESSION_ENDED = "Too many wrong attempts. This session was ended. Sign in again."
ENDED_AFTER = "Too many wrong passwords or codes were entered in it."


def check_guess(person: User, is_right: Callable[[], bool], *, wrong: str) -> bool:
    """wrong: the reason to record. Raises ValidationError for a guess that came too soon, and
    ImmediateHttpResponse after the last one."""
    request = context.request
    session = request.session.session_key
    if not consume_rate_limit(request, PACE, key=session):
        raise ValidationError(SLOW_DOWN)
    is_allowed = consume_rate_limit(request, LIMIT, key=session)
    if is_allowed and is_right():
        for action in (LIMIT, PACE):
            clear_rate_limit(request, action, key=session)
        return True
    by, now = actor_of_request(request), timezone.now()
    refused = Outcome.REFUSED
    record_person_event(person, "person.confirm", by=by, now=now, outcome=refused, reason=wrong)
    if is_allowed and not is_rate_limit_exhausted(request, LIMIT, key=session):
        return False
    record_person_event(person, "session.end", by=by, now=now, reason=ENDED_AFTER)
    UserSession.objects.filter(session_key=session).delete()
    logout(request)
    messages.error(request, SESSION_ENDED)
    raise ImmediateHttpResponse(redirect("account_login"))


def check_password(person: User, password: str, *, error: str) -> None:
    """Raises ValidationError with allauth's message `error` for a wrong one, and as check_guess."""
    if not check_guess(person, lambda: person.check_password(password), wrong=WRONG_PASSWORD):
        raise get_adapter().validation_error(error)
