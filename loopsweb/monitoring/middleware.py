"""Measures and traces each request, under the name of its view."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from opentelemetry.trace import SpanKind

from loopsweb import counts
from loopsweb.tracing import open_span
from loopsweb.ui.middleware import METHODS

NO_VIEW = "none"  # static files, health checks, what was refused before a view was found


class PageTimeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        method = request.method if request.method in METHODS else "other"
        with open_span(str(method), kind=SpanKind.SERVER) as span:
            response = self.get_response(request)
            match = request.resolver_match
            view = (match.view_name if match else "") or NO_VIEW
            span.update_name(f"{method} {view}")
            span.set_attribute("http.response.status_code", response.status_code)
        seconds = time.monotonic() - started
        counts.pages.labels(method, view, response.status_code).observe(seconds)
        return response
