"""The pages for what went wrong. Each says what happened and what to do next."""

from __future__ import annotations

import sys
from typing import Any

import structlog
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import get_template, render_to_string
from django.urls import Resolver404

log = structlog.get_logger(__name__)
OUTAGES = (OperationalError, InterfaceError, InternalError)  # the last: read-only PostgreSQL


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        request,
        400,
        "loopsweb did not understand this request",
        "Go back, reload the page and try again.",
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception or "") or "You are not allowed to do this."
    return page(request, 403, "Not allowed", reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    is_ours = isinstance(exception, Http404) and not isinstance(exception, Resolver404)
    reason = str(exception) if is_ours else ""  # a resolver's names our files
    return page(
        request,
        404,
        "There is no such page",
        reason or "It may have been removed, or it belongs to a workspace you are not a member of.",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("csrf_failure", path=request.path, reason=reason)
    return page(
        request,
        403,
        "This form is too old",
        "Nothing was done. Go back, reload the page and send it again.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Also the last stop for a database lost inside a middleware."""
    cause = sys.exc_info()[1]
    if isinstance(cause, OUTAGES):
        return outage(request, cause)
    return bare(
        request,
        500,
        "Something went wrong inside loopsweb",
        "It has been logged. Whether an action was done is on the audit page.",
    )


def outage(request: HttpRequest, cause: BaseException) -> HttpResponse:
    log.error("database_unavailable", path=request.path, cause=str(cause))
    response = bare(
        request,
        503,
        "loopsweb cannot use its database",
        "Nothing you see elsewhere is being updated. Training goes on untouched, and nothing was "
        "asked of the API that does not stand in the audit trail. "
        "Try again in a moment; if this stays, tell whoever runs loopsweb.",
    )
    response["Retry-After"] = "5"
    return response


def page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"status": status, "title": title, "text": text}
    return HttpResponse(render_to_string("ui/error.html", context, request), status=status)


def bare(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """Neither database, session, user nor context processor: this page must always come."""
    context: dict[str, Any] = {
        "status": status,
        "title": title,
        "text": text,
        "request_id": getattr(request, "request_id", ""),
    }
    return HttpResponse(get_template("ui/error_bare.html").render(context), status=status)
