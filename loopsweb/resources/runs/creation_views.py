"""The page that creates a run."""

from __future__ import annotations

from django.http import HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.creation_page import CreationPage, render_creation_page
from loopsweb.resources.runs import actions
from loopsweb.resources.runs.forms import NewRun

RUN = CreationPage(
    noun=NOUNS["runs"],
    method="create_run",
    title="New run",
    intro="A run comes with a paired sampler. It uses GPUs, and is billed, until it is deactivated "
    "or has been idle for its scale-down delay. Closing your script does not stop it. Serverless "
    "runs are billed per token instead.",
    submit="Create run",
    prefilled={
        "session": "session_id",
        "base_model": "base_model",
        "path": "path",
        "scope": "scope",
        "replicas": "replicas",
        "sampler_num_replicas": "sampler_num_replicas",
        "trainer_only": "trainer_only",
    },
)


@require(Permission.CREATE, noun="run")
def create_run(request: WorkspaceRequest) -> HttpResponse:
    return render_creation_page(request, RUN, NewRun, actions.create_run)
