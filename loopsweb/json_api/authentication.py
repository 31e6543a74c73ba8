"""Who gets in: whoever sends a valid token of that workspace in the Authorization header.

Cookies count for nothing here, so a page of another site can ask for nothing in a person's name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from loopsweb.accounts import rate_limits
from loopsweb.accounts.auth import mfa
from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.decorators import ACCESS_TOKEN
from loopsweb.accounts.authorization.roles import Permission, permissions_of
from loopsweb.accounts.models import Workspace
from loopsweb.audit.record import Actor, actor
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.tokens.models import PREFIX, AccessToken, Scope
from loopsweb.resources.deactivations.targets import Kind

NOTED_EVERY = timedelta(minutes=1)
NOT_ALLOWED = HTTPStatus.METHOD_NOT_ALLOWED
ReadingView = Callable[[HttpRequest, Workspace, str], HttpResponse]
ActingView = Callable[[HttpRequest, AccessToken, Actor, Kind, str], HttpResponse]


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


def reading(view: ReadingView) -> Callable[..., HttpResponse]:
    @of_the_api
    @wraps(view)
    def guarded(request: HttpRequest, workspace: str, noun: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            raise Problem(NOT_ALLOWED, "Lists are read by GET.", allow="GET, HEAD")
        return view(request, token_of(request, workspace, now=timezone.now()).workspace, noun)

    return guarded


def acting(view: ActingView) -> Callable[..., HttpResponse]:
    """For what ends things: the token must be made for it, and its person may do it today."""

    @of_the_api
    @wraps(view)
    def guarded(request: HttpRequest, workspace: str, kind: Kind, remote_id: str) -> HttpResponse:
        if request.method != "POST":
            raise Problem(NOT_ALLOWED, "A deactivation is asked for by POST.", allow="POST")
        token = token_of(request, workspace, now=timezone.now())
        if token.scope != Scope.ACT:
            raise Problem(HTTPStatus.FORBIDDEN, "This token only reads. Make one that may act.")
        by = actor_of(request, token)
        if Permission.DEACTIVATE not in permissions_of(by["role"]):
            refusal = denials.refuse(request, Permission.DEACTIVATE, by=by)
            raise Problem(HTTPStatus.FORBIDDEN, str(refusal))
        if not rate_limits.within(request, "api_act", key=token.digest):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, "A token acts 20 times a minute. Wait a minute."
            )
        return view(request, token, by, kind, remote_id)

    return guarded


def actor_of(request: HttpRequest, token: AccessToken) -> Actor:
    role = token.workspace.team.memberships.get(user=token.person).role
    here = actor(request, workspace=token.workspace.slug, role=role)
    return {**here, "person": token.person.email}


def token_of(request: HttpRequest, workspace: str, *, now: datetime) -> AccessToken:
    """Of a request for something in that workspace. Raises Problem.

    Wrong tokens of one address are limited, and lock out nobody else behind it.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            f"Send an access token: Authorization: Bearer {PREFIX}… "
            "Tokens are made in loopsweb, under Access tokens.",
        )
    token = AccessToken.objects.behind(secret.strip(), now=now)
    if token is None:
        if not rate_limits.within(request, "api_refused"):
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong tokens. Wait a minute.")
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "This token is unknown, expired or revoked, or its person has left the team.",
        )
    if not rate_limits.within(request, "api_read", key=token.digest):
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS, "A token asks 120 times a minute. Wait a minute."
        )
    if mfa.is_missing(token.person, token.workspace.team):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "The team demands a second factor, and this token's person has none. "
            "Set one up in loopsweb.",
        )
    note_use(token, now=now)
    if token.workspace.slug != workspace:
        raise Problem(HTTPStatus.NOT_FOUND, "This token opens no workspace of that name.")
    return token


def note_use(token: AccessToken, *, now: datetime) -> None:
    """Once a minute at most. What can be read is not lost over it."""
    if token.last_used_at and now - token.last_used_at < NOTED_EVERY:
        return
    try:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except DatabaseError:
        return
