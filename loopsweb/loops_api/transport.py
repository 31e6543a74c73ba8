"""Sends one request to the API: with URL, key, rate limit and deadline; GETs are retried.

The key is sent only in the Authorization header, and only to the base URL's own origin. Errors
are raised outside of any except block, so that no exception refers to a request and its headers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import stamina
from opentelemetry.trace import SpanKind

from loopsweb import counts
from loopsweb.loops_api import body_reader, connection_pool, errors
from loopsweb.loops_api.api_key import ApiKey
from loopsweb.loops_api.checked_bodies import WORTHWHILE_BYTES, CheckedBodies
from loopsweb.loops_api.deadline import Deadline
from loopsweb.loops_api.decoding import Body
from loopsweb.loops_api.error_mapping import map_error_response, map_transport_error
from loopsweb.loops_api.request_limits import Limits
from loopsweb.loops_api.request_urls import build_url, parse_base_url
from loopsweb.loops_api.retries import JITTER, MAX_BACKOFF, MIN_BACKOFF, choose_retry_wait
from loopsweb.loops_api.throttle import Throttle
from loopsweb.tracing import open_span

logger = logging.getLogger(__name__)

_MAX_ERROR_BYTES = 64 * 1024
throttle = Throttle(time.monotonic)
_without_key = CheckedBodies()


class Transport:
    """Sends requests with one key to one base URL."""

    def __init__(
        self, *, base_url: str, key: ApiKey, http: httpx.BaseTransport | None, limits: Limits
    ) -> None:
        self.base = parse_base_url(base_url)
        self._key = key
        self._http = http
        self._limits = limits
        self._timeouts = {
            is_list: build_timeout(limits, is_list=is_list) for is_list in (False, True)
        }

    def get(self, route: str, *ids: str, is_list: bool = False, **query: Any) -> Body:
        """GET `route` with its `{}` filled with `ids`. Query values of None are not sent."""
        limits = self._limits
        deadline = Deadline.within_current(limits.deadline_list if is_list else limits.deadline)
        request = self._build_request("GET", route, ids, query=query, is_list=is_list)
        outcome = self._send(request, route, deadline)
        if isinstance(outcome, errors.LoopsError):
            return self._send_again(request, route, deadline, failure=outcome)
        return outcome

    def send(self, method: str, route: str, *ids: str, body: Any = None) -> Body:
        """Send any other method, once. `body` becomes JSON; None sends no body."""
        request = self._build_request(method, route, ids, body=body)
        outcome = self._send(request, route, Deadline.within_current(self._limits.deadline))
        if isinstance(outcome, errors.LoopsError):
            raise outcome
        return outcome

    def _send_again(
        self, request: httpx.Request, route: str, deadline: Deadline, *, failure: errors.LoopsError
    ) -> Body:
        """failure: of the first attempt, which was made without what retries need."""
        limits, failed = self._limits, [failure]
        for attempt in stamina.retry_context(
            on=lambda error: choose_retry_wait(error, limits=limits, left=deadline.left()),
            attempts=limits.attempts,
            timeout=None,
            wait_initial=MIN_BACKOFF,
            wait_max=MAX_BACKOFF,
            wait_jitter=JITTER,
        ):
            with attempt:
                outcome = failed.pop() if failed else self._send(request, route, deadline)
                if isinstance(outcome, errors.LoopsError):
                    raise outcome
                return outcome
        raise AssertionError("unreachable")

    def _build_request(
        self,
        method: str,
        route: str,
        ids: tuple[str, ...],
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        is_list: bool = False,
    ) -> httpx.Request:
        return httpx.Request(
            method,
            build_url(self.base, route, ids, query or {}),
            headers={
                "Authorization": self._key.authorization(),
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": "loopsweb",
            }
            | ({} if method == "GET" else {"Content-Type": "application/json"}),
            content=None if body is None else msgspec.json.encode(body),
            extensions={"timeout": self._timeouts[is_list]},
        )

    def _send(
        self, request: httpx.Request, route: str, deadline: Deadline
    ) -> Body | errors.LoopsError:
        name = f"{self._key.digest} {request.method} {route}"
        wait = throttle.reserve(name, self._limits.requests_per_second)
        if wait > max(deadline.left(), 0.0):
            message = "the local rate limit allows no request before the deadline"
            return errors.TimedOut(message, may_have_been_received=False)
        if wait > 0:
            time.sleep(wait)
        started = time.monotonic()
        with open_span(f"{request.method} {route}", kind=SpanKind.CLIENT) as span:
            status, outcome = self._exchange(request, deadline)
            span.set_attribute("loopsweb.api_status", status)
        seconds = time.monotonic() - started
        logger.debug("%s %s %s in %.0f ms", request.method, route, status, seconds * 1000)
        counts.api_requests.labels(request.method, route, status).observe(seconds)
        return outcome

    def _exchange(
        self, request: httpx.Request, deadline: Deadline
    ) -> tuple[int | str, Body | errors.LoopsError]:
        try:
            with deadline.apply(), closing(self._open_response(request)) as response:
                return response.status_code, self._read_outcome(response, deadline)
        except (httpx.HTTPError, OSError) as error:
            failed = map_transport_error(error, self._key)
            return type(failed).__name__, failed

    def _open_response(self, request: httpx.Request) -> httpx.Response:
        http = self._http or connection_pool.get_shared_pool()
        return http.handle_request(request)

    def _read_outcome(
        self, response: httpx.Response, deadline: Deadline
    ) -> Body | errors.LoopsError:
        if response.is_success:
            body = body_reader.read_body(response, deadline, self._limits.max_response_bytes)
            if body is None:
                return errors.ResponseTooLarge(f"more than {self._limits.max_response_bytes} bytes")
            is_long = len(body) > WORTHWHILE_BYTES
            if is_long and _without_key.contains(body.digest, self._key.digest):
                return body
            if self._key.appears_in(body):
                return errors.KeyInResponse("the response contains the API key")
            if is_long:
                _without_key.add(body.digest, self._key.digest)
            return body
        if response.has_redirect_location:
            return errors.RedirectRefused(f"the response was a redirect ({response.status_code})")
        try:
            body = body_reader.read_body(response, deadline, _MAX_ERROR_BYTES)
        except (httpx.HTTPError, OSError):
            body = None
        return map_error_response(
            status=response.status_code,
            headers=response.headers,
            body=body or b"",
            key=self._key,
            now=datetime.now(UTC),
        )


def build_timeout(limits: Limits, *, is_list: bool) -> dict[str, float | None]:
    """What httpcore is told, in seconds."""
    read = limits.read_list if is_list else limits.read
    connect = limits.connect
    return httpx.Timeout(connect=connect, pool=connect, read=read, write=limits.read).as_dict()
