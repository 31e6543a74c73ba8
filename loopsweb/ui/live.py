"""Conditional polling: a live region says which version it shows, and unchanged is an empty 204."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse

AS_OF = "Loopsweb-As-Of"
NEXT_POLL = "Loopsweb-Next-Poll"
VERSION = "Loopsweb-Version"


def unchanged(
    request: HttpRequest,
    version: object,
    as_of: datetime | None,
    next_poll_at: datetime | None = None,
) -> HttpResponse | None:
    """An empty 204 when the region shows `version` already, else None. Times are UTC."""
    if request.method != "GET" or request.GET.get("v") != str(version):
        return None
    response = HttpResponse(status=204)
    response["Cache-Control"] = "private, no-store"
    stamp(response, version, as_of, next_poll_at)
    return response


def stamp(
    response: HttpResponse,
    version: object,
    as_of: datetime | None,
    next_poll_at: datetime | None = None,
) -> None:
    """Write into the headers of an answer which version it shows and how old it is."""
    response[VERSION] = str(version)
    for header, moment in ((AS_OF, as_of), (NEXT_POLL, next_poll_at)):
        if moment is not None:
            response[header] = moment.isoformat().replace("+00:00", "Z")
