"""Making a run, with the sampler that is paired with it."""

from __future__ import annotations

from loopsweb.loops_api import types
from loopsweb.resources.pages import creation
from loopsweb.resources.runs import sync


def create(order: creation.Order) -> types.Run:
    """`order.asked` is loops_api's NewRun. Raises what creating.create raises."""
    call = order.acting.client.create_run
    return creation.create("run", order, call, keep_created=sync.keep_created)
