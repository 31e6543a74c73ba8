"""What holds for every answer: a request id, strict headers, outages said plainly, sign-in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from loopsweb.ui.errors import OUTAGES, outage

GetResponse = Callable[[HttpRequest], HttpResponse]

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
FIRST_ERROR = 400
HEADERS = {
    "Content-Security-Policy": CSP,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class RequestIdMiddleware:
    """Gives each request an id of our own making; log lines and audit events carry it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class SecurityHeadersMiddleware:
    """Nothing on our pages is inline, so the policy needs neither nonce nor hash.

    Errors are for whoever met them: what is refused to one person no cache keeps for another.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if response.status_code >= FIRST_ERROR:
            response.setdefault("Cache-Control", "private, no-store")
        return response


class OutageMiddleware:
    """A lost database is said plainly, on a page that needs none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OUTAGES):
            return outage(request, exception)
        return None


class SignedOutHtmxMiddleware:
    """A live region whose session ended leads to sign-in; the login page is never swapped in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        login = resolve_url(settings.LOGIN_URL)
        if "HX-Request" not in request.headers or not is_redirect_to(response, login):
            return response
        signed_out = HttpResponse(status=204)
        signed_out["HX-Redirect"] = f"{login}?{urlencode({'next': page_of(request)})}"
        return signed_out


def is_redirect_to(response: HttpResponse, path: str) -> bool:
    location = response.get("Location", "")
    return response.status_code in {301, 302, 303} and urlsplit(location).path == path


def page_of(request: HttpRequest) -> str:
    """The page the person is on, as path and query; "/" when htmx names another host or none."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return "/"
    if page.netloc != request.get_host() or not page.path.startswith("/"):
        return "/"
    return f"{page.path}?{page.query}" if page.query else page.path
