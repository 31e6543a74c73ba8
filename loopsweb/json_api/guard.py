"""Who may read: whoever sends a valid token of that workspace in the Authorization header.

Cookies count for nothing here, so a page of another site can ask for nothing in a person's name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus

from allauth.core.internal import ratelimit
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from loopsweb.accounts import second_factor
from loopsweb.accounts.models import Workspace
from loopsweb.accounts.permissions import ACCESS_TOKEN
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.tokens.models import PREFIX, AccessToken

LIMITS = {"read": "120/m/key", "refused": "30/m/ip"}
NOTED_EVERY = timedelta(minutes=1)
ApiView = Callable[[HttpRequest, Workspace, str], HttpResponse]


def of_the_api(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers problems as JSON. Without cookies there is nothing that a foreign form could use."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
        try:
            response = view(request, **parts)
        except Problem as problem:
            response = problem.answer()
        response["Cache-Control"] = "private, no-store"
        response["Vary"] = "Authorization"
        return response

    guarded.permission = ACCESS_TOKEN  # type: ignore[attr-defined]
    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded


def with_token(view: ApiView) -> Callable[..., HttpResponse]:
    @of_the_api
    @wraps(view)
    def guarded(request: HttpRequest, workspace: str, noun: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "Everything here is read by GET.")
        token = token_of(request, now=timezone.now())
        if token.workspace.slug != workspace:
            raise Problem(HTTPStatus.NOT_FOUND, "This token opens no workspace of that name.")
        return view(request, token.workspace, noun)

    return guarded


def token_of(request: HttpRequest, *, now: datetime) -> AccessToken:
    """Raises Problem."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            f"Send an access token: Authorization: Bearer {PREFIX}… "
            "Tokens are made in loopsweb, under Access tokens.",
        )
    if not within(request, "refused", dry_run=True):
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong tokens. Wait a minute.")
    token = AccessToken.objects.behind(secret.strip(), now=now)
    if token is None:
        within(request, "refused")
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "This token is unknown, expired or revoked, or its person has left the team.",
        )
    if not within(request, "read", key=token.digest):
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS, "A token reads 120 times a minute. Wait a minute."
        )
    if second_factor.is_missing(token.person, token.workspace.team):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "The team demands a second factor, and this token's person has none. "
            "Set one up in loopsweb.",
        )
    note_use(token, now=now)
    return token


def within(request: HttpRequest, action: str, *, key: str = "", dry_run: bool = False) -> bool:
    used = ratelimit.consume(
        request,
        app="loopsweb.json_api",
        action=action,
        config=LIMITS,
        key=key,
        dry_run=dry_run,
        limit_get=True,
    )
    return used is not None


def note_use(token: AccessToken, *, now: datetime) -> None:
    """Once a minute at most. What can be read is not lost over it."""
    if token.last_used_at and now - token.last_used_at < NOTED_EVERY:
        return
    try:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except DatabaseError:
        return
