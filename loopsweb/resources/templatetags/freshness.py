"""The bar on every page of a workspace that shows how old its data is."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from loopsweb.resources.pages.freshness import FeedFreshness, load_freshness

register = template.Library()


@register.inclusion_tag("ui/freshness.html", takes_context=True)
def freshness_bar(context: template.Context, *, swapped: bool = False) -> dict[str, Any]:
    """`feed` in the context, else the whole workspace. `swapped`: sent with a live region."""
    feed: FeedFreshness = context.get("feed") or load_freshness(context["workspace"]).overall
    is_live = "version" in context  # other pages do not announce the next poll
    now = timezone.now()
    return {
        "feed": feed,
        "state": feed.state(now=now),
        "is_overdue": feed.is_overdue(now=now),
        "swapped": swapped,
        "is_live": is_live,
    }
