"""Creating a standalone sampler."""

from __future__ import annotations

from loopsweb.loops_api import types
from loopsweb.resources.pages import creation
from loopsweb.resources.samplers import sync


def create_sampler(request: creation.CreationRequest) -> types.Sampler:
    """`request.fields`: of loops_api's NewSampler. Raises what create_through_api raises."""
    call = request.key_client.client.create_sampler
    return creation.create_through_api("sampler", request, call, store=sync.store_created_sampler)
