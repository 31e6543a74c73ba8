"""One request to the API: addressed, authorised, limited, retried if it is a GET, and read.

The key goes into the Authorization header of requests to the base URL's own origin and nowhere
else. Failures are built where nothing is being handled and raised by themselves, so that no
exception leads back to a request and its headers.
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

from loopsweb.loops_api import body_reader, errors, http_client
from loopsweb.loops_api.addresses import address, origin
from loopsweb.loops_api.bounds import Limits
from loopsweb.loops_api.deadline import Deadline
from loopsweb.loops_api.error_mapping import failure, refusal
from loopsweb.loops_api.retries import LONGEST_BACKOFF, wait_before_retry
from loopsweb.loops_api.secret import Key
from loopsweb.loops_api.throttle import Throttle

logger = logging.getLogger(__name__)

_LARGEST_REFUSAL = 64 * 1024
_throttle = Throttle(time.monotonic)


class Transport:
    def __init__(
        self, *, base_url: str, key: Key, http: httpx.Client | None, limits: Limits
    ) -> None:
        self.base = origin(base_url)
        self._key = key
        self._http = http
        self._limits = limits

    def get(self, route: str, *ids: str, is_list: bool = False, **query: Any) -> bytes:
        """GET `route`, its `{}` filled with `ids`; a query value of None is not sent."""
        limits = self._limits
        deadline = Deadline(limits.deadline_list if is_list else limits.deadline)
        request = self._request("GET", route, ids, query=query, is_list=is_list)
        for attempt in stamina.retry_context(
            on=lambda error: wait_before_retry(error, limits=limits, left=deadline.left()),
            attempts=limits.attempts,
            timeout=None,
            wait_initial=0.2,
            wait_max=LONGEST_BACKOFF,
            wait_jitter=0.5,
        ):
            with attempt:
                return self._send(request, route, deadline)
        raise AssertionError("unreachable")

    def send(self, method: str, route: str, *ids: str, body: Any = None) -> bytes:
        """Any other method, once. `body` becomes JSON; None sends none."""
        request = self._request(method, route, ids, body=body)
        return self._send(request, route, Deadline(self._limits.deadline))

    def _request(
        self,
        method: str,
        route: str,
        ids: tuple[str, ...],
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        is_list: bool = False,
    ) -> httpx.Request:
        limits = self._limits
        read = limits.read_list if is_list else limits.read
        return httpx.Request(
            method,
            address(self.base, route, ids, query or {}),
            headers={
                "Authorization": self._key.authorization(),
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": "loopsweb",
            }
            | ({} if method == "GET" else {"Content-Type": "application/json"}),
            content=None if body is None else msgspec.json.encode(body),
            extensions={
                "timeout": {
                    "connect": limits.connect,
                    "pool": limits.connect,
                    "read": read,
                    "write": limits.read,
                }
            },
        )

    def _send(self, request: httpx.Request, route: str, deadline: Deadline) -> bytes:
        wait = _throttle.reserve(
            f"{self._key.digest} {request.method} {route}", self._limits.requests_per_second
        )
        if wait > max(deadline.left(), 0.0):
            raise errors.TimedOut("too many requests at once", may_have_been_received=False)
        time.sleep(wait)
        started = time.monotonic()
        status, outcome = self._exchange(request, deadline)
        spent = (time.monotonic() - started) * 1000
        logger.debug("%s %s %s in %.0f ms", request.method, route, status, spent)
        if isinstance(outcome, errors.LoopsError):
            raise outcome
        return outcome

    def _exchange(
        self, request: httpx.Request, deadline: Deadline
    ) -> tuple[int | str, bytes | errors.LoopsError]:
        try:
            with deadline.applied(), closing(self._answer(request)) as response:
                return response.status_code, self._outcome(response, deadline)
        except (httpx.HTTPError, OSError) as error:
            failed = failure(error, self._key)
            return type(failed).__name__, failed

    def _answer(self, request: httpx.Request) -> httpx.Response:
        http = http_client.http() if self._http is None else self._http
        return http.send(request, stream=True, auth=None, follow_redirects=False)

    def _outcome(self, response: httpx.Response, deadline: Deadline) -> bytes | errors.LoopsError:
        if response.is_success:
            body = body_reader.read(response, deadline, self._limits.largest_answer)
            if body is None:
                return errors.AnswerTooLarge(f"more than {self._limits.largest_answer} bytes")
            if self._key.is_in(body):
                return errors.MalformedAnswer("the answer holds the key itself")
            return body
        if response.has_redirect_location:
            return errors.RedirectRefused(f"the answer was a redirect ({response.status_code})")
        try:
            body = body_reader.read(response, deadline, _LARGEST_REFUSAL)
        except (httpx.HTTPError, OSError):
            body = None
        return refusal(
            status=response.status_code,
            headers=response.headers,
            body=body or b"",
            key=self._key,
            now=datetime.now(UTC),
        )
