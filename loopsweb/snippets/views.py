"""The page with the request of another page, as text to copy."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpResponse, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.keys.clients import find_key
from loopsweb.loops_api.client import Generation
from loopsweb.loops_api.request_preview import preview_request
from loopsweb.resources.checkpoints.files import build_vendor_command
from loopsweb.snippets.calls import CALLS, NoRequest, Page
from loopsweb.snippets.rendering import render_curl, render_python
from loopsweb.ui.pages import render_page
from loopsweb.ui.url_text import remove_nul

SEVERAL = "This server has the API's oldest routes alone. They take several requests for this page."


@require(Permission.VIEW)
def show_snippets(request: WorkspaceRequest) -> HttpResponse:
    """`of`: the path and query of the page. Fields that were typed there are parameters beside."""
    of = remove_nul(request.GET.get("of"))
    match, query = find_page(request, of)
    context: dict[str, Any] = {"of": of}
    try:
        context["snippets"] = build_snippets(request, match, query)
    except (NoRequest, ValueError) as why:
        context["why"] = str(why)
    return render_page(request, "snippets/request.html", context, partial="snippets")


def find_page(request: WorkspaceRequest, of: str) -> tuple[ResolverMatch, QueryDict]:
    """Raises Http404 unless it is a page of this workspace that has a request."""
    try:
        page = urlsplit(of)
        match = resolve(page.path)
    except (ValueError, Resolver404):
        raise Http404("There is no such page.") from None
    if page.scheme or page.netloc:  # the answer links to it
        raise Http404("This is no page of loopsweb.")
    is_here = match.kwargs.get("workspace") == request.workspace.slug
    if not is_here or match.view_name not in CALLS:
        raise Http404("No request to the Loops API gives this page its data.")
    query = QueryDict(page.query, mutable=True)
    query.update({name: str(text) for name, text in request.GET.items() if name != "of"})
    return match, query


def build_snippets(
    request: WorkspaceRequest, match: ResolverMatch, query: QueryDict
) -> list[tuple[str, str]]:
    """(language, text) of each. Raises NoRequest, and ValueError for what cannot be sent."""
    key = find_key(workspace=request.workspace, person=request.user, method="list_runs")
    generation = key.generation if key else "auto"
    if generation == "legacy" and match.view_name.startswith("checkpoints:"):
        raise NoRequest(SEVERAL)
    page = Page(
        workspace=request.workspace,
        arguments=match.kwargs,
        query=query,
        scope="org" if key and key.sees_organisation else None,
        now=timezone.now(),
    )
    call = CALLS[match.view_name]
    preview = preview_request(
        lambda client: call(client, page),
        base_url=key.api_url if key else settings.LOOPSWEB_API_URLS[0],
        generation=cast("Generation", generation),
    )
    snippets = [("curl", render_curl(preview)), ("Python", render_python(preview))]
    if match.view_name == "checkpoints:files":
        snippets.append(("Baseten CLI", build_vendor_command(page.remote_id)))
    return snippets
