"""The page that makes a run."""

from __future__ import annotations

from django.http import HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.pages.creation_page import Creation, creation_page
from loopsweb.resources.runs import actions
from loopsweb.resources.runs.forms import NewRun

RUN = Creation(
    noun="runs",
    method="create_run",
    title="New run",
    intro="A run gets a sampler paired with it. It holds GPUs, and is billed, until it is "
    "deactivated or has been idle for its scale-down delay. Closing your script does not stop it.",
    submit="Create run",
    from_address={"session": "session_id", "base_model": "base_model", "path": "path"},
)


@require(Permission.CREATE)
def create(request: WorkspaceRequest) -> HttpResponse:
    return creation_page(request, RUN, NewRun, actions.create)
