"""Errors of the JSON API as problem JSON (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse

MEDIA_TYPE = "application/problem+json"


def is_api_request(request: HttpRequest) -> bool:
    """True for any address under /api/, also with doubled slashes and where no view is."""
    return request.path.lstrip("/").partition("/")[0] == "api"


def render_problem(status: HTTPStatus, detail: str) -> JsonResponse:
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)
