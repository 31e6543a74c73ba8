"""Iterates over the pages of a checkpoint's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loopsweb.loops_api.errors import MalformedResponse
from loopsweb.loops_api.types import CheckpointFile, FilePage


def iterate_files(get_page: Callable[[int], FilePage]) -> Iterator[CheckpointFile]:
    """Every file of every page. Raises MalformedResponse for a token that does not advance."""
    token: int | None = 0
    while token is not None:
        page = get_page(token)
        yield from page.files
        next_token = page.next_page_token
        if next_token is not None and (next_token <= token or not page.files):
            raise MalformedResponse("The response's 'next_page_token' does not advance.")
        token = next_token
