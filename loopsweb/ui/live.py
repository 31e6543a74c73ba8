"""Conditional polling: a live region sends its version and gets an empty 204 if unchanged."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse

from loopsweb.ui.timestamps import format_utc

AS_OF = "Loopsweb-As-Of"
NEXT_POLL = "Loopsweb-Next-Poll"
VERSION = "Loopsweb-Version"


def answer_if_unchanged(
    request: HttpRequest,
    version: object,
    as_of: datetime | None,
    next_poll_at: datetime | None = None,
) -> HttpResponse | None:
    """Return an empty 204 if the region already shows `version`, else None. Times are UTC."""
    if request.method != "GET" or request.GET.get("v") != str(version):
        return None
    response = HttpResponse(status=204)
    set_live_headers(response, version, as_of, next_poll_at)
    return response


def set_live_headers(
    response: HttpResponse,
    version: object,
    as_of: datetime | None,
    next_poll_at: datetime | None = None,
) -> None:
    """Set the headers that tell the page its version, its age and the next poll."""
    response[VERSION] = str(version)
    for header, moment in ((AS_OF, as_of), (NEXT_POLL, next_poll_at)):
        if moment is not None:
            response[header] = format_utc(moment)
