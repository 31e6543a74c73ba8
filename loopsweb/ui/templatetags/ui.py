"""Template tags for times, sizes, ids, badges, icons and copy buttons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags.heroicons import heroicon_micro, heroicon_mini

from loopsweb.addresses import UNKNOWN_CLIENT
from loopsweb.ui.charts.units import BYTES, SECONDS
from loopsweb.ui.clock import get_zone
from loopsweb.ui.filter_values import encode_value
from loopsweb.ui.long_text import mark_breaks, mark_domain, mark_separators, render_long_text
from loopsweb.ui.navigation import WORKSPACE_PAGES, Entry
from loopsweb.ui.statuses import Vocabulary
from loopsweb.ui.timestamps import format_utc

register = template.Library()

ABSENT = mark_safe('<abbr title="not known">—</abbr>')
UNITS_OF_TIME = SECONDS[::-1]
UNITS = tuple(name for name, _ in BYTES)
MICRO = 16
NO_BREAK = "\N{NO-BREAK SPACE}"
STEP = 1024


@register.simple_tag
def icon(name: str, size: int = MICRO, **attributes: str) -> str:
    """An inline Heroicon, hidden from screen readers; put its meaning in text beside it."""
    return draw_icon(name, size, tuple(attributes.items()))


@cache
def draw_icon(name: str, size: int, attributes: tuple[tuple[str, str], ...]) -> str:
    """Drawn once for each use in a template: heroicons parses its file each time."""
    draw = heroicon_micro if size <= MICRO else heroicon_mini
    return draw(name, size=size, **{"class": "icon", "aria-hidden": "true"} | dict(attributes))


@lru_cache(maxsize=1024)
def build_workspace_url(url_name: str, slug: str) -> str:
    return reverse(url_name, args=[slug])


@register.simple_tag(takes_context=True)
def nav(context: template.Context, entry: Entry) -> SafeString:
    """An entry of the navigation of the frame's workspace, marked if the page belongs to it."""
    slug, path = context["frame_workspace"].slug, context["request"].path
    home = build_workspace_url(WORKSPACE_PAGES[0].url_name, slug)
    url = build_workspace_url(entry.url_name, slug)
    part = path.removeprefix(home).removeprefix("lists/").partition("/")[0]
    own = url.removeprefix(home).partition("/")[0]
    is_current = path.startswith(home) and part in (own, *entry.also)
    return format_html(
        '<li><a href="{}"{}>{}{}</a></li>',
        url,
        mark_safe(' aria-current="page"') if is_current else "",
        icon(entry.icon),
        entry.label,
    )


@register.filter
def filter_value(value: str) -> str:
    """A value in the URL of a list that is filtered by it."""
    return quote(encode_value(value), safe="")


@register.filter
def or_dash(value: Any) -> Any:
    """The value, or an em dash for None and "". Zero and False are values."""
    return ABSENT if value is None or value == "" else value


register.filter("long_text", lambda text: render_long_text(str(text)) if text else ABSENT)
register.filter("breakable", lambda text: mark_separators(text) if text else ABSENT)
register.filter("email", lambda email: mark_domain(email) if email else ABSENT)


@register.filter
def client_address(ip: str) -> str:
    return "an unknown address" if ip == UNKNOWN_CLIENT else ip


def time_element(time: datetime, shown: str) -> SafeString:
    """In the zone of the page. shown: the strftime format of the visible text."""
    time = time.replace(microsecond=0)
    text = time.astimezone(get_zone()).strftime(shown)
    return format_html('<time datetime="{}">{}</time>', format_utc(time), text)


@register.simple_tag
def moment(time: datetime | None, attribute: str = "") -> SafeString:
    """A time element, absolute until JavaScript makes it relative.

    attribute: marks it for scripts that update it, such as "data-next".
    """
    if time is None:
        return ABSENT
    extra = f" {attribute}" if attribute else ""
    return format_html("<time-ago{}>{}</time-ago>", extra, time_element(time, "%Y-%m-%d %H:%M %Z"))


when = register.filter("when", moment)


@register.filter
def at(time: datetime | None) -> SafeString:
    """A time element that stays absolute, with seconds."""
    return ABSENT if time is None else time_element(time, "%Y-%m-%d %H:%M:%S %Z")


@register.filter
def from_json(text: str | None) -> datetime | None:
    """A time that JSON has as text."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def span(time: timedelta, space: str = NO_BREAK) -> str:
    """A duration in its two largest units: 0.4 s, 1 min 35 s, 2 h 14 min, 3 d.

    space: between its parts, so that no line breaks within it.
    """
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{max(seconds, 0.1):.1f}{space}s"
    place = next(n for n, (_, length) in enumerate(UNITS_OF_TIME) if seconds >= length)
    rest, parts = int(seconds), []
    for unit, length in UNITS_OF_TIME[place : place + 2]:
        number, rest = divmod(rest, length)
        parts += [f"{number:,}{space}{unit}"] if number else []
    return space.join(parts)


@register.filter
def size(count: int | None) -> SafeString:
    """Bytes in binary units, with the exact number on hover."""
    if count is None:
        return ABSENT
    value, unit = Decimal(count), UNITS[0]
    for unit in UNITS:
        if abs(value) < STEP or unit == UNITS[-1]:
            break
        value /= STEP
    shown = f"{count:,} B" if unit == "B" else f"{value:,.1f} {unit}"
    return format_html('<span class="num" title="{} bytes">{}</span>', f"{count:,}", shown)


@register.filter
def sentence_case(text: str) -> str:
    """A heading of a library, "Two-Factor Authentication", as ours are written."""
    return text.strip().capitalize()


@register.filter
def item(values: Mapping[str, Any], name: str) -> Any:
    return values.get(name)


@register.filter
def middle(text: str, length: int) -> str:
    """Cut in the middle, since names differ at their ends."""
    if len(text) <= length:
        return text
    front = (length - 1) // 2
    return f"{text[:front]}…{text[front + 1 - length :]}"


@register.filter
def signed_size(count: float) -> SafeString:
    """A change in bytes, with its sign."""
    return format_html("{}{}", "\N{MINUS SIGN}" if count < 0 else "+", size(round(abs(count))))


@register.filter
def usd(amount: Decimal | None) -> Any:
    """An amount of US dollars."""
    return ABSENT if amount is None else f"${amount:,.2f}"


@register.simple_tag
def badge(vocabulary: Vocabulary, word: str, *, link: bool = False) -> SafeString:
    """A status as shape, colour and word, with an optional link to its explanation."""
    if not word:
        return ABSENT
    status = vocabulary.get(word)
    label = status.label or word
    if not link:
        shown = format_html("<span>{}</span>", mark_breaks(label)) if "_" in label else label
        return format_html('<span class="status {}">{}</span>', status.tone, shown)
    return format_html(
        '<a href="{}#{}" class="status {}" title="{}">{}</a>',
        reverse("help-statuses"),
        vocabulary.anchor(word),
        status.tone,
        status.meaning,
        label,
    )


@register.simple_tag
def ident(value: str, label: str = "ID", url: str = "") -> SafeString:
    """An id or URI in monospace with a copy button, and a link if `url` is given."""
    if not value:
        return ABSENT
    tag, href = ("a", format_html(' href="{}"', url)) if url else ("span", "")
    return format_html(
        '<copy-button{0}><{1} class="id"{2}>{3}</{1}></copy-button>',
        format_html(' label="{}"', label) if label != "ID" else "",
        tag,
        href,
        render_long_text(value),
    )


@register.filter
def settings(values: Any, prefix: str = "") -> Any:
    """An object as "name value" pairs in one line, numbers and short names first.

    prefix: is left out of the names."""
    if not isinstance(values, dict):
        return or_dash(values)
    names = sorted(values, key=lambda one: (not isinstance(values[one], int | float), len(one)))
    shown = {one: v if isinstance(v := values[one], str) else json.dumps(v) for one in names}
    return (
        ", ".join(f"{name.removeprefix(prefix)} {value}" for name, value in shown.items()) or "{}"
    )


@register.filter
def pretty_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


register.simple_tag(Vocabulary.anchor, name="anchor")
