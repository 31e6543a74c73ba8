"""The bar on every page of a workspace that shows how old its data is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from loopsweb.resources.pages.freshness import FeedFreshness, load_freshness
from loopsweb.resources.pages.freshness_bar import describe_freshness_bar
from loopsweb.resources.snapshot.models import Costed
from loopsweb.ui.templatetags.ui import span
from loopsweb.ui.timestamps import format_minute, format_utc

register = template.Library()


@register.inclusion_tag("ui/freshness.html", takes_context=True)
def freshness_bar(context: template.Context, *, swapped: bool = False) -> dict[str, Any]:
    """`feed` in the context, else the whole workspace. `swapped`: sent with a live region."""
    feed: FeedFreshness = context.get("feed") or load_freshness(context["workspace"]).overall
    return describe_freshness_bar(feed, is_live="version" in context, swapped=swapped)


ENDS = timedelta(minutes=1)  # ago; what was observed until before does not go on
SIGNS = {
    "created": "it was created",
    "status": "its status changed",
    "checkpoint": "its newest checkpoint",
    "requests": "it served a request",
    "gpu": "its GPUs were busy",
}


@register.filter
def name_sign(sign: str) -> str:
    """What the last sign of work was, after "since"; "" where there is none."""
    return SIGNS.get(sign, "")


@register.simple_tag
def idle(row: Costed) -> SafeString:
    """How long a row has been idle, which goes on while the page is open if answers come. What it
    is measured from is its title."""
    if row.gpus == 0:
        return mark_safe('<abbr title="It holds no GPUs.">—</abbr>')
    if row.idle_for is None or row.last_work_at is None or row.observed_until is None:
        return mark_safe('<span class="muted" title="Counts as active.">unknown</span>')
    since = f"Since {name_sign(row.last_work_sign)}, {format_minute(row.last_work_at)}"
    if row.observed_until < timezone.now() - ENDS:
        return format_html('<span title="{}">{}</span>', since, span(row.idle_for))
    return format_html(
        '<time-ago data-span><time datetime="{}" title="{}">{}</time></time-ago>',
        format_utc(row.last_work_at.replace(microsecond=0)),
        since,
        span(row.idle_for),
    )
