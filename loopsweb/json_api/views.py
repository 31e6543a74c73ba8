"""Reading a workspace as JSON: the lists and the audit trail, a page at a time."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import public
from loopsweb.accounts.models import Workspace
from loopsweb.json_api.authentication import of_the_api, reading
from loopsweb.json_api.openapi import document
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.query_parameters import read
from loopsweb.json_api.schemas import NOUNS, value
from loopsweb.resources.snapshot.freshness import freshness


@reading
def list_(request: HttpRequest, workspace: Workspace, noun: str) -> HttpResponse:
    asked = read(request.GET, NOUNS[noun])
    rows = NOUNS[noun].rows(workspace).filter(**asked.filters)
    total = rows.count()
    start = (asked.page - 1) * asked.page_size
    shown = rows.order_by(*NOUNS[noun].order)[start : start + asked.page_size]
    return JsonResponse(
        {
            **age(workspace, noun),
            "total": total,
            "page": asked.page,
            "pages": max(1, -(-total // asked.page_size)),
            "items": [NOUNS[noun].item(row) for row in shown],
        }
    )


def age(workspace: Workspace, noun: str) -> dict[str, Any]:
    """The audit is our own, and always of now."""
    if noun == "audit":
        return {"as_of": value(timezone.now()), "failing_since": None, "error": None}
    feed = freshness(workspace).of(noun)
    return {
        "as_of": value(feed.as_of),
        "failing_since": value(feed.failing_since),
        "error": feed.error or None,
    }


@public
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(document())


@of_the_api
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    raise Problem(HTTPStatus.NOT_FOUND, "There is nothing here: see openapi.json.")
