"""Error pages. Each says what happened and what to do next."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

import structlog
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import get_template, render_to_string
from django.urls import Resolver404

log = structlog.get_logger(__name__)
OUTAGES = (OperationalError, InterfaceError, InternalError)  # InternalError: read-only PostgreSQL


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    title = "loopsweb did not understand this request"
    text = "Go back, reload the page and try again."
    return render_error(request, HTTPStatus.BAD_REQUEST, title, text)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception or "") or "You are not allowed to do this."
    return render_error(request, HTTPStatus.FORBIDDEN, "Not allowed", reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    is_ours = isinstance(exception, Http404) and not isinstance(exception, Resolver404)
    reason = str(exception) if is_ours else ""  # Resolver404 lists our URL patterns
    text = "It may have been removed, or it belongs to a workspace you are not a member of."
    return render_error(request, HTTPStatus.NOT_FOUND, "Page not found", reason or text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("csrf_failure", path=request.path, reason=reason)
    text = "Nothing was changed. Go back, reload the page and submit the form again."
    return render_error(request, HTTPStatus.FORBIDDEN, "This form has expired", text)


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


def render_error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"status": status, "title": title, "text": text}
    return HttpResponse(render_to_string("ui/error.html", context, request), status=status)


def render_bare_error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """Uses no database, session, user or context processor, so this page always works."""
    context: dict[str, Any] = {
        "status": status,
        "title": title,
        "text": text,
        "request_id": getattr(request, "request_id", ""),
    }
    return HttpResponse(get_template("ui/error_bare.html").render(context), status=status)
