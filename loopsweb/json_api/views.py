"""Paginated lists of a workspace's resources and audit events as JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import public
from loopsweb.accounts.models import Workspace
from loopsweb.json_api.authentication import api_view, require_token
from loopsweb.json_api.cursors import encode_cursor
from loopsweb.json_api.freshness import describe_freshness
from loopsweb.json_api.openapi import build_document
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.query_parameters import parse_query
from loopsweb.json_api.schemas import RESOURCES, select_rows
from loopsweb.resources.pages.filters import UNREPORTED
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.pages.idleness import find_observed_until, match_idle, observe
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.ui.filters import build_order

SHOWN_WITH = {"deployments": ("samplers",)}  # whose GPUs count as theirs


@require_token
def list_(request: HttpRequest, workspace: Workspace, resource_name: str) -> HttpResponse:
    resource = RESOURCES[resource_name]
    query = parse_query(request.GET, resource_name)
    rows = select_rows(resource_name, workspace).filter(query.condition)
    freshness = None if resource_name == "audit" else load_freshness(workspace)
    until = find_observed_until(freshness, now=timezone.now()) if freshness else None
    if query.idle is not None:
        rows = rows.filter(match_idle(query.idle, until=until))
    total, unreported = count_rows(rows)
    remaining = total
    if query.before:
        rows = rows.filter(query.before)
        remaining = rows.count()
    start, end = (query.page - 1) * query.page_size, query.page * query.page_size
    found = list(rows.order_by(build_order(rows.model, resource.newest), "-pk")[start : end + 1])
    shown = list(observe(found[: query.page_size], until=until))
    return JsonResponse(
        {
            **describe_freshness(freshness, resource_name, *SHOWN_WITH.get(resource_name, ())),
            "total": total,
            "total_not_in_the_last_answer": unreported,
            "page": query.page,
            "pages": max(1, -(-remaining // query.page_size)),
            "next_before": (
                encode_cursor(shown[-1], resource_name, resource.newest)
                if len(found) > len(shown)
                else None
            ),
            "items": resource.serialize(shown),
        }
    )


def count_rows(rows: QuerySet[Any]) -> tuple[int, int]:
    """(all, those of which the last answer did not tell). The audit has none of these."""
    if not issubclass(rows.model, Snapshot):
        return rows.count(), 0
    counts = rows.aggregate(total=Count("pk"), unreported=Count("pk", filter=UNREPORTED))
    return counts["total"], counts["unreported"]


@public
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(build_document())


@api_view
def not_found(request: HttpRequest, rest: str) -> HttpResponse:
    raise Problem(HTTPStatus.NOT_FOUND, "There is no such endpoint. See openapi.json.")
