"""The page that makes a run."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.permissions import Permission, WorkspaceRequest, require
from loopsweb.audit.record import actor
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import types
from loopsweb.resources.creation_form import CreationForm
from loopsweb.resources.creation_page import Creation, creation_page
from loopsweb.resources.runs import actions
from loopsweb.resources.runs.forms import NewRun

RUN = Creation(
    noun="runs",
    method="create_run",
    title="New run",
    intro="A run gets a sampler paired with it. It holds GPUs, and is billed, until it is "
    "deactivated or has been idle for its scale-down delay. Closing your script does not stop it.",
    submit="Create run",
)
FROM_THE_ADDRESS = {"session": "session_id", "base_model": "base_model", "path": "path"}


@require(Permission.CREATE)
def create(request: WorkspaceRequest) -> HttpResponse:
    def make(form: CreationForm, acting: Acting) -> types.Run:
        asked = actions.NewRun(**form.asked())  # type: ignore[typeddict-item]
        return actions.create(
            run=asked,
            once=form.cleaned_data["once"],
            acting=acting,
            by=actor(request),
            clock=timezone.now,
        )

    given = {
        field: request.GET[name] for name, field in FROM_THE_ADDRESS.items() if name in request.GET
    }
    return creation_page(request, RUN, NewRun, make, initial=given)
