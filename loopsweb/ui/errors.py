"""Error pages. Each says what happened and what to do next; the JSON API says it as JSON."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.template.loader import get_template, render_to_string
from django.urls import Resolver404

from loopsweb.ui.problems import is_api_request, render_problem

log = structlog.get_logger(__name__)
OUTAGES = (OperationalError, InterfaceError, InternalError)  # InternalError: read-only PostgreSQL


WRONG_SCHEME = (
    "Nothing was changed. The proxy in front of loopsweb speaks HTTPS, and loopsweb does not know. "
    "Whoever runs it must set LOOPSWEB_HTTPS=1 and let the proxy send X-Forwarded-Proto."
)
WRONG_ORIGIN = (
    "Nothing was changed. Your browser sent this form from an address that loopsweb does not take "
    "for its own. If you did not follow a link from another site, whoever runs loopsweb must let "
    "the proxy pass on the Host header unchanged, or name this site's address in "
    "CSRF_TRUSTED_ORIGINS."
)
NO_COOKIE = (
    "Nothing was changed. Your browser sent no cookie of loopsweb. Allow cookies for this site, "
    "reload the page and submit the form again. If they are allowed, check that the address starts "
    "with https://: with LOOPSWEB_HTTPS=1 browsers send the cookie there alone."
)
EXPIRED = "Nothing was changed. Go back, reload the page and submit the form again."


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        return wrong_host(request)
    title = "loopsweb did not understand this request"
    text = "Go back, reload the page and try again."
    return render_error(request, HTTPStatus.BAD_REQUEST, title, text)


def wrong_host(request: HttpRequest) -> HttpResponse:
    """Django has logged the name. The page does not repeat it, since anybody can choose it."""
    title = "loopsweb does not answer under this name"
    text = (
        "Nothing was done. Open loopsweb under its usual name. If this is its name, whoever runs "
        "it must add it to ALLOWED_HOSTS, or let the proxy pass on the Host header unchanged."
    )
    return render_bare_error(request, HTTPStatus.BAD_REQUEST, title, text, again="")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception or "") or "You are not allowed to do this."
    return render_error(request, HTTPStatus.FORBIDDEN, "Not allowed", reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    is_ours = isinstance(exception, Http404) and not isinstance(exception, Resolver404)
    reason = str(exception) if is_ours else ""  # Resolver404 lists our URL patterns
    text = "It may have been removed, or it belongs to a workspace you are not a member of."
    return render_error(request, HTTPStatus.NOT_FOUND, "Page not found", reason or text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The log says which origin was sent. The page does not, since another site can choose it."""
    title, text = "This form has expired", EXPIRED
    if reason.startswith(("Origin checking failed", "Referer checking failed")):
        title = "This form came from another address"
        text = WRONG_SCHEME if differs_in_scheme_only(request) else WRONG_ORIGIN
    elif reason == REASON_NO_CSRF_COOKIE:
        title, text = "Your browser sent no cookie", NO_COOKIE
    log.warning("csrf_failure", path=request.path, reason=reason, advice=text)
    return render_error(request, HTTPStatus.FORBIDDEN, title, text)


def differs_in_scheme_only(request: HttpRequest) -> bool:
    """True if the browser used HTTPS with this host and the request does not look like it."""
    origin = request.headers.get("Origin", "")
    return not request.is_secure() and origin == f"https://{request.get_host()}"


def server_error(request: HttpRequest) -> HttpResponse:
    """Also handles a database lost inside a middleware."""
    cause = sys.exc_info()[1]
    if isinstance(cause, OUTAGES):
        return render_outage(request, cause)
    title = "Something went wrong inside loopsweb"
    text = "The error was logged. The audit page shows whether an action was carried out."
    return render_bare_error(request, HTTPStatus.INTERNAL_SERVER_ERROR, title, text)


def render_outage(request: HttpRequest, cause: BaseException) -> HttpResponse:
    log.error("database_unavailable", path=request.path, cause=str(cause))
    title = "loopsweb cannot use its database"
    text = (
        "Pages are not being updated. Training is not affected, and nothing was sent to the API "
        "without an audit event. Try again in a moment. If the problem persists, tell your "
        "administrator."
    )
    response = render_bare_error(request, HTTPStatus.SERVICE_UNAVAILABLE, title, text)
    response["Retry-After"] = "5"
    return response


def render_error(request: HttpRequest, status: HTTPStatus, title: str, text: str) -> HttpResponse:
    if is_api_request(request):
        return render_problem(status, f"{title}. {text}")
    context = {"status": status, "title": title, "text": text}
    return HttpResponse(render_to_string("ui/error.html", context, request), status=status)


def render_bare_error(
    request: HttpRequest, status: HTTPStatus, title: str, text: str, *, again: str = "/"
) -> HttpResponse:
    """Uses no database, session, user or context processor, so this page always works.

    again: where its link leads; "" for no link.
    """
    if is_api_request(request):
        return render_problem(status, f"{title}. {text}")
    context: dict[str, Any] = {
        "status": status,
        "title": title,
        "text": text,
        "again": again,
        "request_id": getattr(request, "request_id", ""),
    }
    return HttpResponse(get_template("ui/error_bare.html").render(context), status=status)
