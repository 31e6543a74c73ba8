"""The page that creates a standalone sampler."""

from __future__ import annotations

from django.http import HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.creation_page import CreationPage, render_creation_page
from loopsweb.resources.samplers import actions
from loopsweb.resources.samplers.forms import NewSampler

SAMPLER = CreationPage(
    noun=NOUNS["samplers"],
    method="create_sampler",
    title="New sampler",
    intro="A standalone sampler belongs to no run, for baselines for example. "
    "Deactivating a deployment leaves it running. It is billed until it is deactivated, "
    "unless it is serverless.",
    submit="Create sampler",
    prefilled={
        "session": "session_id",
        "base_model": "base_model",
        "path": "model_path",
        "run_id": "run_id",
        "scope": "scope",
        "num_replicas": "num_replicas",
    },
)


@require(Permission.CREATE, noun="sampler")
def create_sampler(request: WorkspaceRequest) -> HttpResponse:
    return render_creation_page(request, SAMPLER, NewSampler, actions.create_sampler)
