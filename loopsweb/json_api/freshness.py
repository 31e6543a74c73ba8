"""How old an answer is, and since when polls have failed."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from loopsweb.json_api.schemas import to_json
from loopsweb.resources.pages.freshness import Freshness


def describe_freshness(freshness: Freshness | None, *names: str) -> dict[str, Any]:
    """The audit trail is loopsweb's own, so it is always up to date."""
    if freshness is None:
        return {"as_of": to_json(timezone.now()), "failing_since": None, "error": None}
    feed = freshness.of(*names)
    return {
        "as_of": to_json(feed.as_of),
        "failing_since": to_json(feed.failing_since),
        "error": feed.error or None,
    }
