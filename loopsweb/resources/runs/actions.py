"""Making a run, with the sampler that is paired with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TypedDict

from loopsweb.audit.record import Actor
from loopsweb.keys.clients import Acting
from loopsweb.loops_api import types
from loopsweb.resources import creating, poll_state
from loopsweb.resources.reading import Reading
from loopsweb.resources.runs import sync


class NewRun(TypedDict):
    """The API's own fields; None is not sent and leaves the default to the API."""

    session_id: str
    base_model: str
    max_seq_len: int | None
    lora_rank: int | None
    seed: int | None
    scale_down_delay_seconds: int | None
    path: str | None
    name: str | None
    availability_model: str | None
    replicas: int | None
    reuse_from_run_id: str | None


def create(
    *,
    run: NewRun,
    once: uuid.UUID,
    acting: Acting,
    by: Actor,
    clock: Callable[[], datetime],
) -> types.Run:
    """Raises what creating.create raises."""
    asked = {field: value for field, value in run.items() if value is not None}
    made = creating.create(
        "run",
        lambda: acting.client.create_run(**run),
        asked=asked,
        once=once,
        acting=acting,
        by=by,
        clock=clock,
    )
    sync.keep_created(made, asked=run, reading=Reading.by(acting.key, now=clock()))
    poll_state.poll_soon(acting.key.workspace, now=clock())
    return made
