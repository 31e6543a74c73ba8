"""A page whose frame is rendered once for a person and an address.

What changes from one request to the next fills the holes of the frame: the token of the forms, the
times, messages, and what the page shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import escape
from django.utils.safestring import SafeString

from loopsweb.ui.context import describe_site, tell_time
from loopsweb.ui.pages import vary_on_part
from loopsweb.ui.table_cache import cached_html

COMMON = ("csrf_token", "messages_html", "page_time", "page_time_utc")


def render_framed(
    request: HttpRequest,
    template: str,
    context: Callable[[], Mapping[str, Any]],
    *,
    holes: Mapping[str, str],
    key: tuple[object, ...] | None,
    status: int = 200,
) -> HttpResponse:
    """context: called where the frame is not kept. holes: {variable of the template: its value};
    HTML is a SafeString, other text is escaped. key: all that the frame depends on beside its
    address and the site's settings. None renders it anew, as a page must that shows what was typed.
    """

    def render_frame() -> str:
        marks = {name: mark_hole(name) for name in (*COMMON, *holes)}
        return render_to_string(template, {**context(), **marks}, request)

    if key is None:
        frame = render_frame()
    else:
        address, looks = request.build_absolute_uri(), describe_site(request)
        frame = cached_html(render_frame, key=("frame", template, address, looks, *key))
    page = fill_holes(frame, {**find_common(request), **holes})
    return vary_on_part(HttpResponse(page, status=status))


def find_common(request: HttpRequest) -> dict[str, str]:
    found = get_messages(request)
    messages = render_to_string("ui/messages.html", {}, request) if len(found) else ""
    times = tell_time(timezone.now())
    return {"csrf_token": get_token(request), "messages_html": messages, **times}


def fill_holes(frame: str, holes: Mapping[str, str]) -> str:
    """The longest last: what is filled in is searched too."""
    for name, value in sorted(holes.items(), key=lambda item: len(item[1])):
        text = value if isinstance(value, SafeString) else escape(value)
        frame = frame.replace(mark_hole(name), text)
    return frame


@cache
def mark_hole(name: str) -> SafeString:
    """Nobody who names a run knows what stands for a hole."""
    digest = salted_hmac(__name__, name, algorithm="sha256").hexdigest()
    return SafeString(f"hole-{digest}")
