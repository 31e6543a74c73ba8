"""Pages as Django's test client gets them, opened in a browser without a server."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, Route

from tests.browser import chromium
from tests.crawl import crawl

ORIGIN = "http://testserver"
STATIC = "/static/"
HTML = "text/html; charset=utf-8"


class StillPages:
    """{path and query: HTML}, in a browser page that gets nothing else but static files.

    What a page asks for while it is open is answered 204, as a poll without news is, unless it is
    in the updates: {path: HTML of its live region}."""

    def __init__(self, pages: dict[str, str], page: Page) -> None:
        self.pages, self.page, self.updates = pages, page, dict[str, str]()
        page.route("**/*", self.answer)

    def answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        path = f"{url.path}?{url.query}" if url.query else url.path
        if url.path.startswith(STATIC):
            file = finders.find(url.path.removeprefix(STATIC))
            kind = mimetypes.guess_type(url.path)[0]
            route.fulfill(path=file, content_type=kind)
        elif route.request.is_navigation_request():
            route.fulfill(body=self.pages[path], content_type=HTML)
        elif url.path in self.updates:
            body = self.updates.pop(url.path)
            route.fulfill(body=body, content_type=HTML, headers={"Loopsweb-Version": "updated"})
        else:
            route.fulfill(status=204)

    def open(self, path: str) -> None:
        self.page.goto(ORIGIN + path, wait_until="load")


def read_pages(client: Client, *starts: str, skip: str = "^$") -> dict[str, str]:
    """One HTML page of each kind that links lead to."""
    found = {}
    for path, answer in crawl(client, *starts, skip=skip, each=1).items():
        headers, _, body = answer.partition(b"\n\n")
        if body and b"Content-Type: text/html" in headers:  # a redirect has none
            found[path] = body.decode()
    return found


@contextmanager
def open_still_pages(pages: dict[str, str], **options: Any) -> Iterator[StillPages]:
    """options: of the browser's context. The database cannot be used while they are open."""
    with chromium.share() as browser, browser.new_context(**options) as context:
        context.set_default_timeout(15_000)
        yield StillPages(pages, context.new_page())
