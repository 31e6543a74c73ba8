"""Authentication by access token in the Authorization header.

Cookies are ignored, so other sites cannot make requests on a person's behalf.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from loopsweb.accounts import rate_limits
from loopsweb.accounts.auth import mfa
from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.actors import actor_in_workspace
from loopsweb.accounts.authorization.decorators import ACCESS_TOKEN
from loopsweb.accounts.authorization.roles import Permission, permissions_of
from loopsweb.accounts.models import Workspace
from loopsweb.audit.record import Actor
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.tokens.models import PREFIX, AccessToken, Scope
from loopsweb.resources.deactivations.targets import Kind

NO_TOKEN = (
    f"Send an access token: Authorization: Bearer {PREFIX}… "
    "Create tokens in loopsweb under Access tokens."
)
UNKNOWN_OR_EXPIRED = "This token is unknown, expired or revoked, or its owner has left the team."
OTHER_WORKSPACE = "This token gives no access to a workspace of that name."
NO_MFA = "This team requires MFA; the token's owner has none. Set it up in loopsweb."
USE_RECORDING_INTERVAL = timedelta(minutes=1)
ReadView = Callable[[HttpRequest, Workspace, str], HttpResponse]
ActView = Callable[[HttpRequest, AccessToken, Actor, Kind, str], HttpResponse]


def api_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer problems as JSON, without CSRF checks: cookies are ignored."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
        try:
            response = view(request, **parts)
        except Problem as problem:
            response = problem.to_response()
        response["Vary"] = "Authorization"
        return response

    guarded.permission = ACCESS_TOKEN  # type: ignore[attr-defined]
    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded


def require_token(view: ReadView) -> Callable[..., HttpResponse]:
    @api_view
    @wraps(view)
    def guarded(request: HttpRequest, workspace: str, resource_name: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "Read lists with GET.", allow="GET, HEAD")
        return view(
            request, authenticate(request, workspace, now=timezone.now()).workspace, resource_name
        )

    return guarded


def require_acting_token(view: ActView) -> Callable[..., HttpResponse]:
    """The token must have the scope to act, and its owner must still have the permission."""

    @api_view
    @wraps(view)
    def guarded(request: HttpRequest, workspace: str, kind: Kind, remote_id: str) -> HttpResponse:
        if request.method != "POST":
            how = "Request a deactivation with POST."
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, how, allow="POST")
        token = authenticate(request, workspace, now=timezone.now())
        if token.scope != Scope.ACT:
            raise Problem(HTTPStatus.FORBIDDEN, "This token is read-only. Create one that may act.")
        by = actor_in_workspace(request, token.workspace, person=token.person)
        if Permission.DEACTIVATE not in permissions_of(by["role"]):
            refusal = denials.record_denial(request, Permission.DEACTIVATE, by=by)
            raise Problem(HTTPStatus.FORBIDDEN, str(refusal))
        enforce_rate_limit(request, "api_act", "A token may act 20 times per minute.", token)
        return view(request, token, by, kind, remote_id)

    return guarded


def authenticate(request: HttpRequest, workspace: str, *, now: datetime) -> AccessToken:
    """Return the token of a request for `workspace`. Raises Problem.

    Invalid tokens are rate-limited per address; valid ones from there still work.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(HTTPStatus.UNAUTHORIZED, NO_TOKEN)
    token = AccessToken.objects.find_by_secret(secret.strip(), now=now)
    if token is None:
        enforce_rate_limit(request, "api_refused", "Too many invalid tokens.")
        raise Problem(HTTPStatus.UNAUTHORIZED, UNKNOWN_OR_EXPIRED)
    enforce_rate_limit(request, "api_read", "A token may make 120 requests per minute.", token)
    if mfa.lacks_required_mfa(token.person, token.workspace.team):
        raise Problem(HTTPStatus.FORBIDDEN, NO_MFA)
    record_token_use(token, now=now)
    if token.workspace.slug != workspace:
        raise Problem(HTTPStatus.NOT_FOUND, OTHER_WORKSPACE)
    return token


def enforce_rate_limit(
    request: HttpRequest, action: str, reason: str, token: AccessToken | None = None
) -> None:
    """Count this request, per address if there is no valid token. Raises Problem over the limit."""
    key = token.digest if token else ""
    if not rate_limits.consume_rate_limit(request, action, key=key):
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, f"{reason} Try again in a minute.")


def record_token_use(token: AccessToken, *, now: datetime) -> None:
    """At most once a minute. A database that cannot be written to is ignored."""
    if not token.last_used_at or now - token.last_used_at >= USE_RECORDING_INTERVAL:
        with suppress(DatabaseError):
            AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
