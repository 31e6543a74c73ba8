"""The bar on every page of a workspace that shows how old its data is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from loopsweb.resources.figures.activity import is_active, is_use_unknown, name_sign
from loopsweb.resources.pages.freshness import FeedFreshness, load_freshness
from loopsweb.resources.pages.freshness_bar import describe_freshness_bar
from loopsweb.resources.snapshot.models import Costed
from loopsweb.ui.templatetags.ui import moment, span
from loopsweb.ui.timestamps import format_minute, format_utc

register = template.Library()


@register.inclusion_tag("ui/freshness.html", takes_context=True)
def freshness_bar(context: template.Context, *, swapped: bool = False) -> dict[str, Any]:
    """`feed` in the context, else the whole workspace. `swapped`: sent with a live region."""
    feed: FeedFreshness = context.get("feed") or load_freshness(context["workspace"]).overall
    return describe_freshness_bar(feed, is_live="version" in context, swapped=swapped)


ENDS = timedelta(minutes=1)  # ago; what was observed until before does not go on
USE_UNKNOWN = "It may be in use: the API reports no requests of standalone samplers."

for each in (name_sign, is_active, is_use_unknown):
    register.filter(each)


@register.filter
def seconds_span(seconds: int) -> str:
    return span(timedelta(seconds=seconds))


@register.filter
def is_starting(row: Costed) -> bool:
    status = getattr(row, row.status_field)
    return bool(row.vocabulary and row.is_reported and status in row.vocabulary.starting)


def explain_unknown(row: Costed) -> SafeString:
    """Why it is not known how long it has been idle. It counts as active."""
    if row.last_work_at is None and is_starting(row):
        return mark_safe('<span class="muted" title="What starts is not idle.">starting</span>')
    if is_use_unknown(row):
        return format_html('<span class="muted" title="{}">use unknown</span>', USE_UNKNOWN)
    return mark_safe('<span class="muted" title="Counts as active.">unknown</span>')


@register.simple_tag
def idle(row: Costed) -> SafeString:
    """How long a row has been idle, which goes on while the page is open if answers come, or that
    it is not. What it is measured from is its title."""
    if row.gpus == 0:
        return mark_safe('<abbr title="It holds no GPUs.">—</abbr>')
    at = row.last_work_at
    since = f"Since {name_sign(row.last_work_sign)}, {format_minute(at)}" if at else ""
    if at and is_active(row):
        text = '<span title="{}">{} <span class="two">as of {}</span></span>'
        return format_html(text, since, "busy" if row.is_working else "active", moment(at))
    if at is None or row.observed_until is None or row.idle_for is None:
        return explain_unknown(row)
    if row.observed_until < timezone.now() - ENDS:
        return format_html('<span title="{}">{}</span>', since, span(row.idle_for))
    return format_html(
        '<time-ago data-span><time datetime="{}" title="{}">{}</time></time-ago>',
        format_utc(at.replace(microsecond=0)),
        since,
        span(row.idle_for),
    )
