"""What the API's server offers a workspace: base models to train, prices of instance types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec
from django.db import models

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import Client, errors
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.sanitize import fit_json
from loopsweb.resources.snapshot.store import bump

STALE_AFTER = timedelta(hours=1)
T = TypeVar("T")


class HoldsGPUs(Protocol):
    """A deployment or a sampler: what has a price by the hour."""

    instance_id: str
    node_count: int | None

    @property
    def gpus_held(self) -> int | None: ...


class Catalogue(models.Model):
    """`supported_models` is what the capabilities route lists, None where it is not offered.
    `prices` is {instance type id: USD per minute, as text}, None where not offered."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="catalogue")
    supported_models = models.JSONField(null=True)
    prices = models.JSONField(null=True)
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"catalogue of {self.workspace}"

    def max_context_length(self, base_model: str) -> int | None:
        for model in self.supported_models or ():
            if model["model_name"] == base_model:
                return int(model["max_context_length"])
        return None

    def cost_per_hour(self, held_by: HoldsGPUs) -> Decimal | None:
        """USD per hour it costs now: 0 when it holds nothing, None when unknown."""
        if held_by.gpus_held == 0:
            return Decimal(0)
        price = (self.prices or {}).get(held_by.instance_id)
        if price is None or not held_by.gpus_held:
            return None
        return Decimal(price) * 60 * (held_by.node_count or 1)


def pull(client: Client, *, reading: Reading, known_digest: str = "") -> str:
    """Ask once an hour; a route the server does not offer leaves None."""
    kept = Catalogue.objects.filter(workspace=reading.workspace).first()
    if kept and reading.now - kept.as_of < STALE_AFTER:
        return known_digest
    offered = ask(client.get_capabilities)
    priced = ask(client.list_prices)
    found = {
        "supported_models": offered and [fit_json(msgspec.to_builtins(one)) for one in offered],
        "prices": priced and {one.instance_type.id: str(one.price_per_minute) for one in priced},
    }
    Catalogue.objects.update_or_create(
        workspace=reading.workspace, defaults={**found, "as_of": reading.now}
    )
    if kept is None or any(getattr(kept, name) != value for name, value in found.items()):
        bump(reading.workspace)
    return known_digest


def ask(route: Callable[[], T]) -> T | None:
    try:
        return route()
    except (errors.NotFound, errors.Forbidden):
        return None
