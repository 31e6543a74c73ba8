"""The catalogue of a workspace: base models to train, prices of instance types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple, TypeVar

import msgspec
from django.db import models, transaction
from django.dispatch import Signal

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.undocumented_types import SupportedModel
from loopsweb.resources.snapshot.models import GPUHolder
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.sanitize import fit_texts
from loopsweb.resources.snapshot.store import touch_version

STALE_AFTER = timedelta(hours=1)
API_PRICES, ADMIN_RATE = "API prices", "rate entered by an admin"
NOTHING_HELD, UNKNOWN_SOURCE = "no GPUs held", "unknown"
T = TypeVar("T")

# Sent with `workspace`, in the transaction that stores other prices or rates.
prices_changed = Signal()


class Cost(NamedTuple):
    """usd: per hour, None where unknown. source: what says so."""

    usd: Decimal | None = None
    source: str = UNKNOWN_SOURCE


UNKNOWN_COST = Cost()
FREE = Cost(Decimal(0), NOTHING_HELD)


class Catalogue(models.Model):
    """`supported_models` is what the capabilities route lists, None where it is not offered.
    `prices` is {instance type id: USD per minute, as text}, None where not offered. `rates` is
    {instance type id: USD per hour, as text}, which admins entered. `teams` is {team id: its name}
    without the default team, None where not offered. as_of: when the API was last asked.
    formula: by which the stored figures of the workspace were computed."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="catalogue")
    supported_models = models.JSONField(null=True)
    prices = models.JSONField(null=True)
    rates = models.JSONField(default=dict)
    teams = models.JSONField(null=True)
    as_of = models.DateTimeField(null=True)
    formula = models.CharField(max_length=10, blank=True)

    def __str__(self) -> str:
        return f"catalogue of {self.workspace}"

    @cached_property
    def base_models(self) -> tuple[SupportedModel, ...]:
        return msgspec.convert(self.supported_models or (), tuple[SupportedModel, ...])

    def find_model(self, base_model: str) -> SupportedModel | None:
        return next((one for one in self.base_models if one.model_name == base_model), None)

    def price(self, instance_id: str, nodes: int | None) -> Cost:
        """Of that many machines of this type: as the API says, else as an admin does."""
        per_minute = (self.prices or {}).get(instance_id)
        if per_minute is not None:
            return Cost(Decimal(per_minute) * 60 * (nodes or 1), API_PRICES)
        rate = self.rates.get(instance_id)
        return UNKNOWN_COST if rate is None else Cost(Decimal(rate) * (nodes or 1), ADMIN_RATE)


def price_holder(catalogue: Catalogue | None, holder: GPUHolder) -> Cost:
    """What it costs now: nothing without GPUs."""
    if holder.gpus_held == 0:
        return FREE
    if holder.gpus_held is None or catalogue is None:
        return UNKNOWN_COST
    return catalogue.price(holder.instance_id, holder.node_count)


def pull_catalogue(client: Client, *, poll: PollContext, known_digest: str = "") -> None:
    """Fetch once an hour, and store it at once. Routes that the server lacks give None."""
    stored = Catalogue.objects.filter(workspace=poll.workspace).first()
    if stored and stored.as_of and poll.now - stored.as_of < STALE_AFTER:
        return
    supported = fetch_if_offered(client.get_capabilities)
    prices = fetch_if_offered(client.list_prices)
    teams = fetch_if_offered(client.list_teams)
    found = {
        "supported_models": supported
        and [fit_texts(msgspec.to_builtins(one)) for one in supported],
        "prices": prices and {one.instance_type.id: str(one.price_per_minute) for one in prices},
        "teams": teams
        and fit_texts({one.id: one.name or one.id for one in teams if not one.is_default}),
    }
    with transaction.atomic():
        Catalogue.objects.update_or_create(
            workspace=poll.workspace, defaults={**found, "as_of": poll.now}
        )
        if stored is None or stored.prices != found["prices"]:
            prices_changed.send(sender=Catalogue, workspace=poll.workspace)
        if stored is None or any(getattr(stored, name) != value for name, value in found.items()):
            touch_version(poll.workspace)


def fetch_if_offered(route: Callable[[], T]) -> T | None:
    try:
        return route()
    except (errors.NotFound, errors.Forbidden):
        return None
