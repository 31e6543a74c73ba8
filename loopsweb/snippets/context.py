"""The address of the page's request, for the frame."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from loopsweb.snippets.calls import CALLS


def link_to_snippets(request: HttpRequest) -> dict[str, Any]:
    workspace, match = getattr(request, "workspace", None), request.resolver_match
    if workspace is None or match is None or match.view_name not in CALLS:
        return {}
    page = urlencode({"of": request.get_full_path()})
    return {"snippets_url": f"{reverse('snippets', args=[workspace.slug])}?{page}"}
