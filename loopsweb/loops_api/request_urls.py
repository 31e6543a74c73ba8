"""The URLs of requests: always of the base URL's origin, always of the intended route."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from loopsweb.addresses import INVALID_HOST, normalize_url


def parse_base_url(base_url: str) -> httpx.URL:
    """Its path becomes the prefix of every route. Raises ValueError."""
    try:
        return httpx.URL(normalize_url(base_url))
    except ValueError as error:
        raise ValueError(f"An API URL {error}") from None
    except httpx.InvalidURL:
        raise ValueError(f"An API URL {INVALID_HOST}") from None


def build_url(
    base: httpx.URL, route: str, ids: tuple[str, ...], query: Mapping[str, Any]
) -> httpx.URL:
    """`route` under `base` with its `{}` filled with `ids`. Query values of None are left out.

    Raises ValueError for an ID that cannot be a path segment.
    """
    target = base.raw_path.decode().rstrip("/") + route.format(*map(_quote_id, ids))
    given = {name: value for name, value in query.items() if value is not None}
    if given:
        target += "?" + urlencode(given, quote_via=quote, safe="")
    return _join(base, target)


@lru_cache(maxsize=4096)  # polls ask the same again and again
def _join(base: httpx.URL, target: str) -> httpx.URL:
    return base.copy_with(raw_path=target.encode())


def locate(tail: str, team_id: str | None) -> tuple[str, tuple[str, ...]]:
    """The route `tail` of Loops and its IDs: the team's if one is given."""
    if team_id is None:
        return f"/v1/loops/{tail}", ()
    return f"/v1/teams/{{}}/loops/{tail}", (team_id,)


def _quote_id(identifier: str) -> str:
    """An ID as exactly one path segment."""
    if identifier in {"", ".", ".."}:
        raise ValueError(f"{identifier!r} is not an ID.")
    return quote(identifier, safe="")
