"""A browser session ends some hours after its last use, and some days after sign-in in any case.

A page that is left open asks for news by itself. That is no use: nobody may be there.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from loopsweb.accounts.auth.kept_form import forget_expired_form

log = structlog.get_logger(__name__)
STARTED_KEY, USED_KEY = "started_at", "used_at"  # seconds since the epoch
PARTS = 60  # of the idle time: a use is saved once in each


@receiver(user_logged_in)
def start_session(request: HttpRequest, **_: Any) -> None:
    request.session[STARTED_KEY] = request.session[USED_KEY] = time.time()


def explain_end(session: SessionBase, *, now: float) -> str:
    """Why the session is over, "" while it is not. Sessions without these times are over."""
    if now - session.get(STARTED_KEY, 0) >= settings.SESSION_COOKIE_AGE:
        return "You signed in too long ago, so you were signed out."
    if now - session.get(USED_KEY, 0) >= settings.SESSION_IDLE_SECONDS:
        return "You were away for too long, so you were signed out."
    return ""


def is_live_poll(request: HttpRequest) -> bool:
    return request.method == "GET" and "HX-Request" in request.headers and "v" in request.GET


def note_use(session: SessionBase, *, now: float) -> None:
    """Also forgets a form that was kept for long enough. A database that cannot be written to is
    ignored: the page itself has succeeded."""
    if now - session[USED_KEY] < settings.SESSION_IDLE_SECONDS / PARTS:
        return
    is_saved_anyway = session.modified
    session[USED_KEY] = now
    forget_expired_form(session)
    if not is_saved_anyway:
        with suppress(DatabaseError, UpdateError):
            session.save()
        session.modified = False


class SessionTimeoutMiddleware(MiddlewareMixin):
    """Also has browsers forget what they keep of a site that the person has left."""

    def process_request(self, request: HttpRequest) -> None:
        request.had_session = SESSION_KEY in request.session  # type: ignore[attr-defined]
        if not request.had_session:  # type: ignore[attr-defined]
            return
        if why := explain_end(request.session, now=time.time()):
            log.info("session_timed_out", why=why)
            logout(request)
            messages.info(request, why)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if SESSION_KEY in request.session:
            if not is_live_poll(request) and USED_KEY in request.session:
                note_use(request.session, now=time.time())
        elif getattr(request, "had_session", False):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response
