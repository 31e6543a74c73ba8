"""Request ids, security headers, outage pages and sign-in of live regions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import is_valid_path
from django.utils.deprecation import MiddlewareMixin

from loopsweb.postgresql.limits import PAGE_SECONDS, limit_statements
from loopsweb.ui.errors import OUTAGES, render_bare_error, render_error, render_outage

CSP = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' data:; "
    "connect-src 'self'; "
    "font-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class RequestIdMiddleware(MiddlewareMixin):
    """Gives each request an id, which log lines and audit events include."""

    def process_request(self, request: HttpRequest) -> None:
        request_id = request.request_id = uuid.uuid4().hex  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class SecurityHeadersMiddleware(MiddlewareMixin):
    """Pages have no inline scripts or styles, so the policy needs no nonce or hash.

    Errors of the middleware under this one are not cached either.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            response.setdefault("Cache-Control", "private, no-store")
        return response


class MethodMiddleware(MiddlewareMixin):
    """Refuses TRACE, CONNECT and methods that do not exist: Django would answer as to GET."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.method in METHODS:
            return None
        title, text = "loopsweb does not know this method", f"Use one of {', '.join(METHODS)}."
        refused = render_bare_error(request, HTTPStatus.METHOD_NOT_ALLOWED, title, text)
        refused["Allow"] = ", ".join(METHODS)
        return refused


class FormAddressMiddleware(MiddlewareMixin):
    """An address that only takes forms leads whoever opens it to the page above it, as after a form
    that was refused. Other methods get a page that says why."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        is_bare = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content
        if not is_bare or "HX-Request" in request.headers:
            return response
        if request.method in {"GET", "HEAD"}:
            return redirect(find_page_above(request.path_info))
        title, text = "This address does not take that", "Nothing was done. Open the page anew."
        refused = render_error(request, HTTPStatus.METHOD_NOT_ALLOWED, title, text)
        refused["Allow"] = response["Allow"]
        return refused


def find_page_above(path: str) -> str:
    """The nearest address above this path. If it takes forms alone too, it leads on."""
    while path != "/":
        path = path.rstrip("/").rpartition("/")[0] + "/"
        if is_valid_path(path):
            break
    return path


class NoStoreMiddleware(MiddlewareMixin):
    """Nothing that a view answers is cached, whoever asks. Static files pass this by."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response["Cache-Control"] = "private, no-store"
        return response


class StatementLimitMiddleware:
    """A page does not wait for long for a database that does not answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with limit_statements(PAGE_SECONDS):
            return self.get_response(request)


class OutageMiddleware(MiddlewareMixin):
    """Shows the outage page when the database fails."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return render_outage(request, exception) if isinstance(exception, OUTAGES) else None


class SignedOutHtmxMiddleware(MiddlewareMixin):
    """Redirects the whole page to sign-in when a live region's session has ended."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        login = resolve_url(settings.LOGIN_URL)
        if "HX-Request" not in request.headers or not is_redirect_to(response, login):
            return response
        signed_out = HttpResponse(status=HTTPStatus.NO_CONTENT)
        signed_out["HX-Redirect"] = f"{login}?{urlencode({'next': find_current_page(request)})}"
        return signed_out


def is_redirect_to(response: HttpResponse, path: str) -> bool:
    location = response.get("Location", "")
    return response.status_code in {301, 302, 303} and urlsplit(location).path == path


def find_current_page(request: HttpRequest) -> str:
    """Return the current page's path and query; "/" if htmx sends another host or none."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return "/"
    if page.netloc != request.get_host() or not page.path.startswith("/"):
        return "/"
    return f"{page.path}?{page.query}" if page.query else page.path
