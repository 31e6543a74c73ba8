"""The headings of tables whose columns sort."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from loopsweb.ui.listing import ListQuery

register = template.Library()


@register.simple_tag(takes_context=True)
def th(
    context: template.Context,
    query: ListQuery,
    name: str,
    label: str,
    css: str = "",
    about: str = "",
) -> SafeString:
    """A column heading that sorts by its column, and reverses the order on the second click.
    Nothing for a column of `hidden`. about: where to read how it is worked out."""
    if name in (context.get("hidden") or ()):
        return SafeString()
    if name not in query.spec.sorts:
        return format_html('<th scope="col" class="{}">{}</th>', css, label)
    is_descending, is_sorted = query.sort == f"-{name}", query.sort.removeprefix("-") == name
    descends_next = not is_descending if is_sorted else name in query.spec.descending
    order = "descending" if is_descending else "ascending"
    return format_html(
        '<th scope="col" class="{}"{}><a href="{}">{}</a>{}</th>',
        css,
        format_html(' aria-sort="{}"', order) if is_sorted else "",
        query.url(sort=f"-{name}" if descends_next else name),
        label,
        about
        and format_html(
            '<a class="about" href="{}" hx-boost="false" title="How it is worked out">'
            '<span aria-hidden="true">?</span><span class="sr">About {}</span></a>',
            about,
            label,
        ),
    )
