"""Store the rates of a workspace, and what everything costs by them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.catalogue import Catalogue, prices_changed
from loopsweb.resources.snapshot.store import lock_workspace, lock_writers


@transaction.atomic
def change_rates(
    workspace: Workspace, rates: Mapping[str, Decimal | None], *, by: Actor, now: datetime
) -> None:
    """rates: {instance type id: USD per hour of one machine, None to remove it}; others stay. The
    event has the values before and after."""
    lock_writers(workspace)
    catalogue, _ = Catalogue.objects.get_or_create(workspace=workspace)
    before: dict[str, str] = catalogue.rates
    wanted = {one: "" if usd is None else f"{usd:f}" for one, usd in rates.items()}
    changed = {one: usd for one, usd in wanted.items() if before.get(one, "") != usd}
    if not changed:
        return
    catalogue.rates = {one: usd for one, usd in (before | changed).items() if usd}
    catalogue.save(update_fields=["rates"])
    prices_changed.send(sender=Catalogue, workspace=workspace)
    lock_workspace(workspace)
    record_event(
        **by,
        action="rates.change",
        outcome=Outcome.SUCCEEDED,
        target_noun="rate",
        target_name="rates per hour",
        answer={"was": {one: before.get(one, "") for one in changed}, "is": changed},
        now=now,
    )
