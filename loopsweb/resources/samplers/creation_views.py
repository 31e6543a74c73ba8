"""The page that makes a standalone sampler."""

from __future__ import annotations

from django.http import HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.pages.creation_page import Creation, creation_page
from loopsweb.resources.samplers import actions
from loopsweb.resources.samplers.forms import NewSampler

SAMPLER = Creation(
    noun="samplers",
    method="create_sampler",
    title="New sampler",
    intro="A standalone sampler belongs to no run, for baselines for example. "
    "Deactivating a deployment leaves it running.",
    submit="Create sampler",
    from_address={"session": "session_id", "base_model": "base_model", "path": "model_path"},
)


@require(Permission.CREATE)
def create(request: WorkspaceRequest) -> HttpResponse:
    return creation_page(request, SAMPLER, NewSampler, actions.create)
