"""Creating a run, with its paired sampler or without one."""

from __future__ import annotations

from typing import Any

from loopsweb.loops_api import types
from loopsweb.resources.pages import creation
from loopsweb.resources.runs import sync


def create_run(request: creation.CreationRequest) -> types.Run:
    """`request.fields`: of loops_api's NewRun; `trainer_only` for one without a sampler.
    Raises what create_through_api raises."""
    client = request.key_client.client

    def call(*, trainer_only: bool = False, **fields: Any) -> types.Run:
        return client.create_trainer(**fields) if trainer_only else client.create_run(**fields)

    return creation.create_through_api("run", request, call, store=sync.store_created_run)
