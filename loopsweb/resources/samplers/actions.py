"""Making a standalone sampler."""

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
from loopsweb.resources.samplers import sync


class NewSampler(TypedDict):
    """The API's own fields; None is not sent and leaves the default to the API."""

    session_id: str
    base_model: str
    max_seq_length: int | None
    model_path: str | None


def create(
    *,
    sampler: NewSampler,
    once: uuid.UUID,
    acting: Acting,
    by: Actor,
    clock: Callable[[], datetime],
) -> types.Sampler:
    """Raises what creating.create raises."""
    asked = {field: value for field, value in sampler.items() if value is not None}
    made = creating.create(
        "sampler",
        lambda: acting.client.create_sampler(**sampler),
        asked=asked,
        once=once,
        acting=acting,
        by=by,
        clock=clock,
    )
    sync.keep_created(made, asked=sampler, reading=Reading.by(acting.key, now=clock()))
    poll_state.poll_soon(acting.key.workspace, now=clock())
    return made
