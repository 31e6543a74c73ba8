"""The bar that says how old a page is."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from loopsweb.resources.pages.freshness import FeedFreshness
from loopsweb.ui.table_cache import cached_html


def describe_freshness_bar(
    feed: FeedFreshness, *, is_live: bool, swapped: bool = False
) -> dict[str, Any]:
    """is_live: other pages do not announce the next poll. swapped: sent with a live region."""
    now = timezone.now()
    return {
        "feed": feed,
        "state": feed.state(now=now),
        "is_overdue": feed.is_overdue(now=now),
        "swapped": swapped,
        "is_live": is_live,
    }


def render_freshness_bar(feed: FeedFreshness) -> str:
    """Of a live page."""
    bar = describe_freshness_bar(feed, is_live=True)
    return cached_html(
        lambda: render_to_string("ui/freshness.html", bar), key=("bar", *bar.values())
    )
