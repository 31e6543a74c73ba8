"""Calls the site like a WSGI server, as one signed-in person."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.cache import caches
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import User

SCRIPT = re.compile(rb'<script[^>]* src="([^"]+)"')
LOADED = re.compile(rb'<(?:script|link|img)[^>]* (?:src|href)="(/[^"]+)"')
DIGEST = re.compile(r"(?<=\.)[0-9a-f]{12}\.(?=\w+\Z)")  # in the name of a collected file


class PageFailed(Exception):
    """A page answered with an error, as when the database takes too long. Its text says which."""


class Site:
    def __init__(self, person: User) -> None:
        client = Client()
        client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
        self.session = client.session.cache_key  # type: ignore[attr-defined]
        name = settings.SESSION_COOKIE_NAME
        self.cookie = f"{name}={client.cookies[name].value}"
        self.application = WSGIHandler()
        self.headers: dict[str, str] = {}

    def clear_cached_pages(self) -> None:
        """Empty all caches except for the session."""
        sessions = caches[settings.SESSION_CACHE_ALIAS]
        session = sessions.get_many([self.session])
        for name in settings.CACHES:
            caches[name].clear()
        sessions.set_many(session)

    def get(self, path: str) -> bytes:
        environ = (
            RequestFactory().get(path, headers={"cookie": self.cookie, "host": "localhost"}).environ
        )
        status: list[str] = []

        def start_response(
            line: str, headers: list[tuple[str, str]], exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            status.append(line)
            self.headers = dict(headers)
            return lambda _body: None

        body = b"".join(self.application(environ, start_response))
        if status[0][:3] not in {"200", "204"}:
            raise PageFailed(f"{path} answered {status[0]}")
        return body

    def get_cold(self, path: str) -> bytes:
        self.clear_cached_pages()
        return self.get(path)

    def count_queries(self, path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            self.get(path)
        return len(captured)


def count_requests(page: bytes) -> int:
    """Of a browser that has nothing of the site yet: the page and what it loads."""
    return 1 + len({*LOADED.findall(page)})


def measure_scripts(page: bytes) -> int:
    """Bytes of the scripts that a page loads, each gzipped."""
    return sum(measure_script(source.decode()) for source in {*SCRIPT.findall(page)})


@cache
def measure_script(source: str) -> int:
    name = DIGEST.sub("", source.removeprefix(settings.STATIC_URL))
    found = finders.find(name)
    assert isinstance(found, str), source
    return len(gzip.compress(Path(found).read_bytes(), 6))
