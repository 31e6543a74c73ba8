"""Paginated lists of a workspace's resources and audit events as JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import public
from loopsweb.accounts.models import Workspace
from loopsweb.json_api.authentication import api_view, require_token
from loopsweb.json_api.openapi import build_document
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.query_parameters import parse_query
from loopsweb.json_api.schemas import RESOURCES, select_rows, to_json
from loopsweb.resources.pages.freshness import load_freshness

SHOWN_WITH = {"deployments": ("samplers",)}  # whose GPUs count as theirs


@require_token
def list_(request: HttpRequest, workspace: Workspace, resource_name: str) -> HttpResponse:
    query = parse_query(request.GET, RESOURCES[resource_name])
    rows = select_rows(resource_name, workspace).filter(query.condition)
    total = rows.count()
    start = (query.page - 1) * query.page_size
    shown = rows.order_by(*RESOURCES[resource_name].order)[start : start + query.page_size]
    return JsonResponse(
        {
            **read_freshness(workspace, resource_name),
            "total": total,
            "page": query.page,
            "pages": max(1, -(-total // query.page_size)),
            "items": [RESOURCES[resource_name].serialize(row) for row in shown],
        }
    )


def read_freshness(workspace: Workspace, resource_name: str) -> dict[str, Any]:
    """The audit trail is loopsweb's own, so it is always up to date."""
    if resource_name == "audit":
        return {"as_of": to_json(timezone.now()), "failing_since": None, "error": None}
    feed = load_freshness(workspace).of(resource_name, *SHOWN_WITH.get(resource_name, ()))
    return {
        "as_of": to_json(feed.as_of),
        "failing_since": to_json(feed.failing_since),
        "error": feed.error or None,
    }


@public
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(build_document())


@api_view
def not_found(request: HttpRequest, rest: str) -> HttpResponse:
    raise Problem(HTTPStatus.NOT_FOUND, "There is no such endpoint. See openapi.json.")
