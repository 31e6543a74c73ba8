"""The search page, and its results while one types."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    WorkspaceRequest,
    require,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.search.hits import Hit
from loopsweb.search.identifiers import find_by_number, find_by_uri, find_by_uuid, unwrap
from loopsweb.search.names import find_names
from loopsweb.search.places import find_places, find_places_of_workspace
from loopsweb.search.rows import (
    Scope,
    find_endings,
    find_pages_of_rows,
    find_requests,
    find_rows,
)
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.search import explain_refusal
from loopsweb.ui.url_text import remove_nul


@require(Permission.VIEW)
def search_workspace(request: WorkspaceRequest) -> HttpResponse:
    typed = read_typed(request)
    if explain_refusal(typed):
        return render_results(request, typed, ())
    places = [*find_places_of_workspace(request, typed), *find_places(request, typed)]
    if not typed:
        return render_results(request, typed, places)
    scope = Scope.of(typed)
    hits = [
        *find_by_uri(request, typed),
        *find_by_uuid(request, typed),
        *find_by_number(request, typed),
        *find_endings(request, typed),
        *find_pages_of_rows(request, typed),
        *places,
        *find_names(request, typed),
        *find_rows(request, scope),
        *find_requests(request, scope),
    ]
    return render_results(request, typed, hits, bound=scope.bound)


@signed_in
def search_site(request: SignedInRequest) -> HttpResponse:
    """For people without any workspace."""
    typed = read_typed(request)
    refused = explain_refusal(typed)
    return render_results(request, typed, () if refused else find_places(request, typed))


def read_typed(request: SignedInRequest) -> str:
    return unwrap(remove_nul(request.GET.get("q")))


def render_results(
    request: SignedInRequest, typed: str, found: Iterable[Hit], *, bound: int | None = None
) -> HttpResponse:
    """What is called exactly as typed comes first; the only such thing is opened at once."""
    first: dict[str, Hit] = {}
    for hit in found:
        first.setdefault(hit.url, hit)
    hits = list(first.values())
    exact = [hit for hit in hits if hit.is_called(typed)]
    is_part = wants_partial(request, "found")
    if len(exact) == 1 and not is_part:
        return redirect(exact[0].url)
    context: dict[str, Any] = {
        "typed": typed,
        "refusal": explain_refusal(typed),
        "hits": [*exact, *(hit for hit in hits if hit not in exact)],
        "bound": bound,
        "is_part": is_part,
    }
    is_refused = context["refusal"] and not is_part
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return render_page(request, "search/results.html", context, partial="found", status=status)
