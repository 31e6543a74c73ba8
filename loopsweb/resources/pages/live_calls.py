"""Calls to the API that a page waits for: few at a time, each failure in words for the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.models import User, Workspace
from loopsweb.accounts.rate_limits import TooManyAttempts, consume_rate_limit
from loopsweb.keys.clients import KeyUnusable, NoKey, find_client
from loopsweb.loops_api import Client
from loopsweb.loops_api.errors import LoopsError, StatusError

MAX_WAITING = 3

_slots = threading.BoundedSemaphore(MAX_WAITING)


class NoAnswer(Exception):
    """The message says why and what to do. api_status: of the API's answer, 0 without one."""

    status = HTTPStatus.BAD_GATEWAY

    def __init__(self, message: str, *, api_status: int = 0) -> None:
        super().__init__(message)
        self.api_status = api_status


class ApiBusy(NoAnswer):
    status = HTTPStatus.SERVICE_UNAVAILABLE


class TooMany(NoAnswer):
    status = HTTPStatus.TOO_MANY_REQUESTS


@contextmanager
def reserve_slot() -> Iterator[None]:
    """Limit how many threads wait for the API, so that a slow one does not block other pages.
    Raises ApiBusy at once when all slots are taken."""
    if not _slots.acquire(blocking=False):
        raise ApiBusy(
            f"The Loops API is slow: {MAX_WAITING} other pages are still waiting for it. "
            "Try again in a moment."
        )
    try:
        yield
    finally:
        _slots.release()


@contextmanager
def call_api(request: WorkspaceRequest, method: str, *, rate: str = "ask_api") -> Iterator[Client]:
    """A client for calls of `method`. Raises NoAnswer when there is no key, a call fails or the
    person asks too often.

    rate: of accounts.rate_limits, which this counts against; "" for what was counted already.
    """
    if rate and not consume_rate_limit(request, rate):
        raise TooMany(str(TooManyAttempts(rate)))
    with call_api_for(request.user, request.workspace, method) as client:
        yield client


@contextmanager
def call_api_for(person: User, workspace: Workspace, method: str) -> Iterator[Client]:
    """As `call_api`, without its limit on how often. Raises NoAnswer."""
    try:
        found = find_client(workspace=workspace, person=person, method=method)
        with reserve_slot():
            yield found.client
    except (NoKey, KeyUnusable) as why:
        raise NoAnswer(str(why)) from why
    except StatusError as error:
        raise NoAnswer(error.plain, api_status=error.status) from error
    except LoopsError as error:
        raise NoAnswer(error.plain) from error
