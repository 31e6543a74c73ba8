"""The small things every page is made of: times, sizes, ids, badges, icons, copy buttons."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags.heroicons import heroicon_micro, heroicon_mini

from loopsweb.ui.listing import Query
from loopsweb.ui.statuses import Vocabulary

register = template.Library()

ABSENT = mark_safe('<abbr title="not known">—</abbr>')
UNITS_OF_TIME = (("s", 1), ("min", 60), ("h", 3600), ("d", 86400))
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
MICRO = 16
STEP = 1024


@register.simple_tag
def icon(name: str, size: int = MICRO, **attributes: str) -> str:
    """A Heroicon, inlined. Decoration only: its meaning stands in words beside it."""
    draw = heroicon_micro if size <= MICRO else heroicon_mini
    return draw(name, size=size, **{"class": "icon", "aria-hidden": "true", **attributes})


@register.simple_tag(takes_context=True)
def nav(context: template.Context, url_name: str, label: str, icon_name: str) -> SafeString:
    """One entry of the workspace's navigation; the one we are on says so."""
    here = context["request"].resolver_match
    name = f"{here.namespace}:{here.url_name}" if here else ""
    namespace = url_name.partition(":")[0]
    is_here = name == url_name or (
        namespace != "dashboard" and here and here.namespace == namespace
    )
    return format_html(
        '<li><a href="{}"{}>{}{}</a></li>',
        reverse(url_name, args=[context["workspace"].slug]),
        mark_safe(' aria-current="page"') if is_here else "",
        icon(icon_name),
        label,
    )


@register.filter
def or_dash(value: Any) -> Any:
    """The value, or an em dash for what the API did not say. Zero and false are values."""
    return ABSENT if value is None or value == "" else value


def iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@register.simple_tag
def moment(time: datetime | None, attribute: str = "") -> SafeString:
    """A time element: absolute and in UTC as served, relative once JavaScript runs.

    With `attribute` for scripts that move it on; one that is "data-next" says when it is due.
    """
    if time is None:
        return ABSENT
    shown = time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    extra = f" {attribute}" if attribute else ""
    return format_html(
        '<time-ago{}><time datetime="{}">{}</time></time-ago>', extra, iso(time), shown
    )


@register.filter
def when(time: datetime | None) -> SafeString:
    return moment(time)


@register.filter
def at(time: datetime | None) -> SafeString:
    """A time element that stays absolute."""
    if time is None:
        return ABSENT
    shown = time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html('<time datetime="{}">{}</time>', iso(time), shown)


@register.filter
def span(time: timedelta) -> str:
    """A length of time in the largest unit it has two of: 0.4 s, 95 s, 2 min, 30 h, 3 d."""
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{max(seconds, 0.1):.1f} s"
    unit, length = next((u, n) for u, n in reversed(UNITS_OF_TIME) if seconds >= 2 * n or n == 1)
    return f"{int(seconds // length):,} {unit}"


@register.filter
def size(count: int | None) -> SafeString:
    """Bytes in binary units, the exact figure on hover."""
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
def usd(amount: Decimal | None) -> Any:
    """An amount of US dollars; unknown stays unknown."""
    return ABSENT if amount is None else f"${amount:,.2f}"


@register.simple_tag
def badge(vocabulary: Vocabulary, word: str, *, link: bool = False) -> SafeString:
    """A status as shape, colour and word; as a link it leads to what it means."""
    if not word:
        return ABSENT
    status = vocabulary.of(word)
    if not link:
        return format_html('<span class="status {}">{}</span>', status.tone, word)
    return format_html(
        '<a href="{}#{}" class="status {}" title="{}">{}</a>',
        reverse("help-statuses"),
        vocabulary.anchor(word),
        status.tone,
        status.meaning,
        word,
    )


@register.simple_tag
def ident(value: str, label: str = "ID", url: str = "") -> SafeString:
    """An id or URI in monospace, as a link where there is a `url`, with a button that copies it."""
    if not value:
        return ABSENT
    tag, href = ("a", format_html(' href="{}"', url)) if url else ("span", "")
    return format_html(
        '<copy-button{0}><{1} class="id"{2}>{3}</{1}></copy-button>',
        format_html(' label="{}"', label) if label != "ID" else "",
        tag,
        href,
        value,
    )


@register.filter
def pretty_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


@register.simple_tag
def th(query: Query, name: str, label: str, css: str = "") -> SafeString:
    """A column heading that sorts: first the way one expects, a second press the other way."""
    if name not in query.spec.sorts:
        return format_html('<th scope="col" class="{}">{}</th>', css, label)
    is_down, is_by_this = query.sort == f"-{name}", query.sort.removeprefix("-") == name
    starts_down = name in query.spec.downward
    turned = name if is_down else f"-{name}"
    target = turned if is_by_this else (f"-{name}" if starts_down else name)
    order = "descending" if is_down else "ascending"
    return format_html(
        '<th scope="col" class="{}"{}><a href="{}">{}</a></th>',
        css,
        format_html(' aria-sort="{}"', order) if is_by_this else "",
        query.url(sort=target),
        label,
    )


@register.simple_tag
def anchor(vocabulary: Vocabulary, word: str) -> str:
    return vocabulary.anchor(word)
