"""Whether the API can load a sampler URI, asked when somebody asks. Nothing is stored."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.keys.clients import explain_missing_access
from loopsweb.resources.checkpoints.forms import ValidationForm
from loopsweb.resources.pages.live_calls import NoAnswer, call_api
from loopsweb.ui.pages import render_page

METHOD = "validate_checkpoint"
REFUSALS = (400, 404, 409, 422)  # of the API, about the URI


@require(Permission.VIEW)
def validate_uri(request: WorkspaceRequest) -> HttpResponse:
    is_asked = "checkpoint_path" in request.GET
    form = ValidationForm(request.GET if is_asked else None)
    blocked = explain_missing_access(
        workspace=request.workspace, person=request.user, method=METHOD
    )
    context: dict[str, Any] = {"form": form, "blocked": blocked, "asked_at": timezone.now()}
    status = HTTPStatus.OK
    if is_asked and not form.is_valid():
        status = HTTPStatus.BAD_REQUEST
    elif is_asked:
        uri, run_id = form.cleaned_data["checkpoint_path"], form.cleaned_data["run_id"]
        context["uri"] = uri
        try:
            with call_api(request, METHOD) as client:
                client.validate_checkpoint(uri, run_id or None)
        except NoAnswer as why:
            context["why"], context["is_refused"] = str(why), why.api_status in REFUSALS
            status = HTTPStatus.OK if context["is_refused"] else why.status
    return render_page(request, "checkpoints/validate.html", context, status=status)
