"""/healthz, /readyz and /metrics, answered before anything that a broken service could hold up."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from loopsweb.accounts.authorization.decorators import public
from loopsweb.monitoring.metrics import show_metrics
from loopsweb.monitoring.stored import PARTS
from loopsweb.postgresql.limits import limit_statements
from loopsweb.resources.snapshot.heartbeats import Heartbeat
from loopsweb.resources.worker.database_clock import MAX_SKEW, DatabaseClock, describe_skew

LIMIT_SECONDS = 1.0


class HealthMiddleware(MiddlewareMixin):
    """Answers before sessions are read: they take cache and database."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        view = VIEWS.get(request.path) if request.method in {"GET", "HEAD"} else None
        if view is None:
            return None
        request.get_host()  # raises for a host that is not allowed
        return view(request)


@public
def check_liveness(request: HttpRequest) -> HttpResponse:
    """200 while the web server responds. Uses neither database nor cache."""
    return HttpResponse("ok", content_type="text/plain")


@public
def check_readiness(request: HttpRequest) -> HttpResponse:
    """200 while the database responds and every part of the worker is alive, else 503; one line
    for each, and one for each clock that differs from the database's."""
    try:
        with limit_statements(LIMIT_SECONDS):
            clock = DatabaseClock()
            heartbeats = Heartbeat.objects.in_bulk(PARTS)
    except Error:
        lines = ["database: failing", *(f"{part}: unknown" for part in PARTS)]
        return respond(lines, status=HTTPStatus.SERVICE_UNAVAILABLE)
    now = clock()
    alive = {part: part in heartbeats and heartbeats[part].is_alive(now=now) for part in PARTS}
    lines = ["database: ok"]
    lines += [f"{part}: {'ok' if is_ok else 'failing'}" for part, is_ok in alive.items()]
    ahead = {part: timedelta(seconds=beat.clock_ahead) for part, beat in heartbeats.items()}
    for part, difference in {"web server": clock.ahead, **ahead}.items():
        if abs(difference) > MAX_SKEW:
            lines.append(f"clock: {part} is {describe_skew(difference)}")
    is_ready = all(alive.values())
    return respond(lines, status=HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE)


def respond(lines: list[str], *, status: HTTPStatus) -> HttpResponse:
    text = "".join(f"{line}\n" for line in lines)
    return HttpResponse(text, content_type="text/plain", status=status)


VIEWS = {"/healthz": check_liveness, "/readyz": check_readiness, "/metrics": show_metrics}
