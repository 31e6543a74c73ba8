"""Renders a page, or only its live part, from one template."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wants_partial(request: HttpRequest, partial: str) -> bool:
    """True if htmx targets the element with this id and is not restoring a whole page."""
    return (
        request.headers.get("HX-Target") == partial
        and "HX-History-Restore-Request" not in request.headers
    )


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    partial: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the whole page, or `template#partial` if htmx targets the id `partial`."""
    if partial and wants_partial(request, partial):
        template = f"{template}#{partial}"
    return vary_on_part(render(request, template, context, status=status))


def vary_on_part(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-History-Restore-Request"])
    return response


def render_answer(
    request: HttpRequest, template: str, context: dict[str, Any], *, partial: str, status: int
) -> HttpResponse:
    """As `render_page`, but the part has status 200 whatever happened: htmx swaps in nothing
    else."""
    status = HTTPStatus.OK if wants_partial(request, partial) else status
    return render_page(request, template, context, partial=partial, status=status)
