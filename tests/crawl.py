"""The pages a person reaches by following links: a few of each kind."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

LINK = re.compile(r'(?:href|hx-get)="([^"]+)"')
OF_EACH_KIND = 3


def crawl(client: Client, *starts: str, skip: str = "^$") -> dict[str, bytes]:
    """{path and query: the whole answer, headers included}, of the site's own paths only.

    skip: a pattern of paths that are not asked for.
    """
    waiting, answers, kinds = list(starts), dict[str, bytes](), Counter[tuple[str, bool]]()
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path)
        if path in answers or kind is None or kinds[kind] == OF_EACH_KIND:
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


def kind_of(path: str) -> tuple[str, bool] | None:
    """The view and whether it exports; None for what is no page of the site."""
    try:
        return resolve(urlsplit(path).path).view_name, "format=csv" in path
    except Resolver404:
        return None
