"""Pages of a checkpoint's files, and walking through all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loopsweb.loops_api import parsers
from loopsweb.loops_api.answers import document
from loopsweb.loops_api.errors import MalformedAnswer
from loopsweb.loops_api.fields import count
from loopsweb.loops_api.types import CheckpointFile, FilePage


def file_page(body: bytes) -> FilePage:
    value = document(body)
    urls, token = value.get("presigned_urls"), value.get("next_page_token")
    if not isinstance(urls, list):
        raise MalformedAnswer("The answer has no list under 'presigned_urls'.")
    if token is not None and count(token) is None:
        raise MalformedAnswer("The answer's 'next_page_token' is no number.")
    return FilePage(
        files=tuple(f for item in urls if (f := parsers.checkpoint_file(item)) is not None),
        next_page_token=count(token),
        total_count=count(value.get("total_count")),
    )


def walk(page_at: Callable[[int], FilePage]) -> Iterator[CheckpointFile]:
    """Every file of every page; a token that does not move on is MalformedAnswer."""
    token: int | None = 0
    while token is not None:
        page = page_at(token)
        yield from page.files
        following = page.next_page_token
        if following is not None and (following <= token or not page.files):
            raise MalformedAnswer("The answer's 'next_page_token' leads nowhere.")
        token = following
