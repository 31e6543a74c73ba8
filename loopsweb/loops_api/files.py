"""Walking through the pages of a checkpoint's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loopsweb.loops_api.errors import MalformedAnswer
from loopsweb.loops_api.types import CheckpointFile, FilePage


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
