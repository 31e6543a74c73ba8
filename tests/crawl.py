"""Collects the pages that can be reached by links, a few of each kind."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

LINK = re.compile(r'(?:href|hx-get)="([^"]+)"')
MAX_OF_EACH_KIND = 3


def crawl(
    client: Client, *starts: str, skip: str = "^$", each: int = MAX_OF_EACH_KIND
) -> dict[str, bytes]:
    """Return {path and query: headers and body} of the site's own pages.

    skip: a pattern of links not to follow. each: how many of each kind.
    """
    waiting, answers, kinds = list(starts), dict[str, bytes](), Counter[str]()
    while waiting:
        path = waiting.pop(0)
        kind = get_page_kind(path)
        if path in answers or kind is None or kinds[kind] == each:
            continue
        kinds[kind] += 1
        response = client.get(path)
        body = b"".join(response) if response.streaming else response.content
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        answers[path] = headers.encode() + b"\n\n" + body
        if response.headers.get("Content-Type", "").startswith("text/html"):
            links = [urldefrag(unescape(link)).url for link in LINK.findall(body.decode())]
            waiting += [urljoin(path, link) for link in links if not re.search(skip, link)]
    return answers


def get_page_kind(path: str) -> str | None:
    """Return the view's name; None if the path is not ours."""
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return None
