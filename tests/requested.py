"""Requests whose outcome is compared with a table, and which leave nothing behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client

from loopsweb import counts

SIGN_IN, REFUSED, NOT_FOUND, ALLOWED = "sign in", "403", "404", "in"

# What a session knows about itself: the last use and the last workspace.
SESSION_TABLES = {"django_session", "usersessions_usersession"}
WRITE = re.compile(r'\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


@contextmanager
def list_written_tables() -> Iterator[set[str]]:
    """Collects the tables that statements write to."""
    tables = set[str]()

    def note(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        tables.update(WRITE.findall(sql))
        return execute(sql, *others)

    with connection.execute_wrapper(note):
        yield tables


def request_outcome(browser: Client, method: str, url: str) -> str:
    cookies = copy(browser.cookies)
    with transaction.atomic(), list_written_tables() as tables:
        answer = browser.generic(method, url)
        transaction.set_rollback(True)
    browser.cookies = cookies
    assert method not in {"GET", "HEAD"} or tables <= SESSION_TABLES, (method, url, tables)
    assert answer["Cache-Control"] == "private, no-store"
    if answer.get("Location", "").startswith("/accounts/login/"):
        return SIGN_IN
    return {403: REFUSED, 404: NOT_FOUND}.get(answer.status_code, ALLOWED)


@contextmanager
def undo_afterwards() -> Iterator[None]:
    """Requests of the next route find the sample data, unused rate limits, and /metrics short."""
    for cache in caches.all():
        cache.clear()
    counts.pages.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def find_differences(outcomes: dict[Any, Any], expected: dict[Any, Any]) -> dict[Any, Any]:
    """What came out and what should have, where these differ."""
    both = {case: (outcomes.get(case), expected.get(case)) for case in outcomes | expected}
    return {case: pair for case, pair in both.items() if pair[0] != pair[1]}
