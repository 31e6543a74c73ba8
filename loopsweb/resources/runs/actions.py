"""Creating a run, together with its paired sampler."""

from __future__ import annotations

from loopsweb.loops_api import types
from loopsweb.resources.pages import creation
from loopsweb.resources.runs import sync


def create_run(request: creation.CreationRequest) -> types.Run:
    """`request.fields`: of loops_api's NewRun. Raises what create_through_api raises."""
    call = request.key_client.client.create_run
    return creation.create_through_api("run", request, call, store=sync.store_created_run)
