"""The page that makes a standalone sampler."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.permissions import Permission, WorkspaceRequest, require
from loopsweb.audit.record import actor
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import types
from loopsweb.resources.creation_form import CreationForm
from loopsweb.resources.creation_page import Creation, creation_page
from loopsweb.resources.samplers import actions
from loopsweb.resources.samplers.forms import NewSampler

SAMPLER = Creation(
    noun="samplers",
    method="create_sampler",
    title="New sampler",
    intro="A standalone sampler belongs to no run, for baselines for example. "
    "Deactivating a deployment leaves it running.",
    submit="Create sampler",
)
FROM_THE_ADDRESS = {"session": "session_id", "base_model": "base_model", "path": "model_path"}


@require(Permission.CREATE)
def create(request: WorkspaceRequest) -> HttpResponse:
    def make(form: CreationForm, acting: Acting) -> types.Sampler:
        asked = actions.NewSampler(**form.asked())  # type: ignore[typeddict-item]
        return actions.create(
            sampler=asked,
            once=form.cleaned_data["once"],
            acting=acting,
            by=actor(request),
            clock=timezone.now,
        )

    given = {
        field: request.GET[name] for name, field in FROM_THE_ADDRESS.items() if name in request.GET
    }
    return creation_page(request, SAMPLER, NewSampler, make, initial=given)
