"""The bar that says on every page of a workspace how old the page is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone

from loopsweb.resources.snapshot.freshness import FeedFreshness, freshness

register = template.Library()
LATE_AFTER = timedelta(minutes=1)


@register.inclusion_tag("ui/freshness.html", takes_context=True)
def freshness_bar(context: template.Context, *, swapped: bool = False) -> dict[str, Any]:
    """`feed` in the context, else the whole workspace. `swapped`: sent beside a live region."""
    feed: FeedFreshness = context.get("feed") or freshness(context["workspace"]).overall
    is_live = "version" in context  # a page that does not move on promises no next reading
    return {"feed": feed, "state": state(feed), "swapped": swapped, "is_live": is_live}


def state(feed: FeedFreshness) -> str:
    if feed.failing_since:
        return "failing"
    if feed.next_poll_at and feed.next_poll_at < timezone.now() - LATE_AFTER:
        return "late"
    return "ok" if feed.as_of else "unread"
