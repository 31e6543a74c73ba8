"""What the API says was billed for Loops, and our estimate for the same time."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.undocumented_types import UsageSummary
from loopsweb.resources.history.series import estimate_cost, load_series
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import name_organisation
from loopsweb.resources.snapshot.sanitize import fit_texts
from loopsweb.resources.snapshot.store import touch_version

ASK_AFTER = timedelta(hours=1)
PERIOD = timedelta(days=7)
LOOPS_KINDS = frozenset({"LOOPS_TRAINER", "LOOPS_SAMPLER"})
CENT, MAX_USD = Decimal("0.01"), Decimal(10**14)
NOT_OFFERED = "This API does not offer it."
FORBIDDEN = "The key that reads this workspace may not read it."


class Bill(models.Model):
    """Of one organisation, from `starts_at` to `ends_at`, in US dollars. usd: None where the answer
    does not give all amounts. estimate_usd: of what this workspace observed in that time, for
    `observed`; None where some of that may be another organisation's. is_estimate_partial:
    something without a known price is not in it. problem: why the last question was not answered.
    What an earlier answer said stays, with its times."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="bills")
    organisation = models.TextField()  # as `name_organisation` has it
    name = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    problem = models.TextField(blank=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    usd = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    estimate_usd = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    observed = models.DurationField(default=timedelta)
    is_estimate_partial = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "organisation"], name="one_bill_per_organisation"
            )
        ]

    def __str__(self) -> str:
        return f"bill of {self.workspace}"


def list_bills(workspace: Workspace) -> list[Bill]:
    """Of the organisations whose keys are here."""
    present = list_organisations(workspace)
    bills = Bill.objects.filter(workspace=workspace, organisation__in=present)
    return list(bills.order_by("organisation"))


def list_organisations(workspace: Workspace) -> set[str]:
    keys = Key.objects.in_workspace(workspace).only("api_url", "api_workspace_name")
    return {fit_texts(name_organisation(key)) for key in keys}


def pull_bill(client: Client, *, poll: PollContext) -> errors.LoopsError | None:
    """Ask once an hour. An error is an answer. Returns that after which nothing more is asked."""
    organisation = fit_texts(name_organisation(poll.key))
    stored = Bill.objects.filter(workspace=poll.workspace, organisation=organisation).first()
    if stored and poll.now - stored.asked_at < ASK_AFTER:
        return None
    start, found = poll.now - PERIOD, dict[str, Any](problem="")
    ended_by: errors.LoopsError | None = None
    try:
        summary = client.get_usage_summary(start=start, end=poll.now)
    except errors.NotFound:
        found["problem"] = NOT_OFFERED
    except errors.Forbidden:
        found["problem"] = FORBIDDEN
    except errors.LoopsError as error:
        logging.getLogger(__name__).warning("the bill could not be read: %s", error)
        found["problem"] = FORBIDDEN if isinstance(error, errors.Unauthorized) else error.plain
        ended_by = error if isinstance(error, errors.GENERAL) else None
    else:
        series = load_series(poll.workspace, start=start, end=poll.now, now=poll.now)
        estimate = estimate_cost(series)
        is_known = estimate.observed and is_only_one(organisation, poll=poll, since=start)
        found |= {
            "starts_at": start,
            "ends_at": poll.now,
            "usd": add_up(summary),
            "estimate_usd": fit(estimate.usd) if is_known else None,
            "observed": estimate.observed,
            "is_estimate_partial": estimate.is_partial,
        }
    found |= {"name": fit_texts(poll.key.api_workspace_name), "asked_at": poll.now}
    with transaction.atomic():
        Bill.objects.update_or_create(
            workspace=poll.workspace, organisation=organisation, defaults=found
        )
        touch_version(poll.workspace)
    return ended_by


def is_only_one(organisation: str, *, poll: PollContext, since: datetime) -> bool:
    """False if the workspace has a key of another organisation, or had one after `since`."""
    billed = Bill.objects.filter(workspace=poll.workspace, asked_at__gt=since)
    others = billed.exclude(organisation=organisation)
    return list_organisations(poll.workspace) <= {organisation} and not others.exists()


def add_up(summary: UsageSummary) -> Decimal | None:
    """Of all trainers and samplers, None unless every amount is known."""
    amounts = [one.subtotal for one in summary.resources if one.kind in LOOPS_KINDS]
    if not summary.is_whole or not all_known(amounts):
        return None
    return fit(sum(filter(None, amounts), Decimal(0)))


def all_known(amounts: Iterable[Decimal | None]) -> bool:
    return all(amount is not None for amount in amounts)


def fit(usd: Decimal) -> Decimal | None:
    """In whole cents. What is too large to be true is unknown."""
    return usd.quantize(CENT) if abs(usd) < MAX_USD else None
