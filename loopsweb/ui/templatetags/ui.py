"""The small things every page is made of: times, sizes, ids, badges, copy buttons, icons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags.heroicons import heroicon_micro, heroicon_mini

register = template.Library()

ABSENT = mark_safe('<span class="absent" aria-label="not known">—</span>')
MICRO = 16
STEP = 1024
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@register.simple_tag
def icon(name: str, size: int = MICRO) -> str:
    """A Heroicon, inlined; decoration only, its meaning stands in words beside it."""
    draw = heroicon_micro if size <= MICRO else heroicon_mini
    return draw(name, size=size, **{"class": "icon", "aria-hidden": "true"})


@register.filter
def or_dash(value: Any) -> Any:
    """The value, or an em dash for what the API did not say. Zero and false are values."""
    return ABSENT if value is None or value == "" else value


@register.filter
def when(moment: datetime | None) -> SafeString:
    """A time element: absolute and in UTC as served, relative once JavaScript runs."""
    if moment is None:
        return ABSENT
    utc = moment.astimezone(UTC)
    return format_html(
        '<time-ago><time datetime="{}" title="{}">{}</time></time-ago>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        utc.strftime("%Y-%m-%d %H:%M UTC"),
    )


@register.filter
def at(moment: datetime | None) -> SafeString:
    """A time element that stays absolute."""
    if moment is None:
        return ABSENT
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{}</time>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


@register.filter
def size(count: int | None) -> SafeString:
    """Bytes in binary units, the exact figure on hover."""
    if count is None:
        return ABSENT
    value, unit = float(count), UNITS[0]
    for unit in UNITS:
        if abs(value) < STEP or unit == UNITS[-1]:
            break
        value /= STEP
    shown = f"{count:,} B" if unit == "B" else f"{value:.1f} {unit}"
    return format_html('<span class="num" title="{} bytes">{}</span>', f"{count:,}", shown)
