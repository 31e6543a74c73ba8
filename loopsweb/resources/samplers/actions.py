"""Making a sampler, standalone."""

from __future__ import annotations

from loopsweb.loops_api import types
from loopsweb.resources.pages import creation
from loopsweb.resources.samplers import sync


def create(order: creation.Order) -> types.Sampler:
    """`order.asked` is loops_api's NewSampler. Raises what creating.create raises."""
    call = order.acting.client.create_sampler
    return creation.create("sampler", order, call, keep_created=sync.keep_created)
