"""What held GPUs in a time, or may have: those that did all the time are counted in groups by the
database, so only those that changed are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Case, Count, DateTimeField, F, Q, QuerySet, Value, When

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import SERVERLESS
from loopsweb.resources.history.observation import Observation
from loopsweb.resources.history.statuses import FOREVER, History, load_changes, load_unknown
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import GPUHolder, count_gpus
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.unknown_periods import UnknownPeriod

LONG_AGO = datetime.min.replace(tzinfo=UTC)
MODELS: tuple[type[GPUHolder], ...] = (Deployment, Sampler)


class Holder(NamedTuple):
    """What held GPUs, or may have. gpus, usd: while it does, None where unknown; usd: per hour.
    without_gpus: the statuses under which it holds none. number: of those that are alike."""

    history: History
    gpus: int | None
    usd: Decimal | None
    without_gpus: frozenset[str]
    number: int = 1


def load_holders(
    workspace: Workspace,
    live: QuerySet[Any],
    seen: Observation,
    catalogue: Catalogue | None,
    *,
    start: datetime,
) -> Iterator[Holder]:
    noun, without_gpus = live.model.noun, live.model.vocabulary.without_gpus
    of_noun: dict[str, Any] = {"workspace": workspace, "noun": noun}
    changes, unknown = load_changes(of_noun, since=start), load_unknown(of_noun, since=start)
    observed = cache(seen.of_key)

    @cache
    def price(instance_id: str, nodes: int | None) -> Decimal | None:
        return catalogue.price(instance_id, nodes).usd if catalogue else None

    for row in list_rows(live.exclude(gpus_of=SERVERLESS), of_noun, start=start):
        key_id, status, instance_id, nodes, gpus, unknown_since, first_seen_at, remote_id, n = row
        history = History(
            first_seen_at=first_seen_at,
            created_at=None,
            status=status,
            terminal=(),
            changes=changes.get(remote_id, ()),
            observed=observed(key_id),
            unknown=[
                *unknown.get(remote_id, ()),
                *([(unknown_since, FOREVER)] if unknown_since else ()),
            ],
        )
        machines = count_gpus(gpus, nodes)
        yield Holder(history, machines, price(instance_id, nodes), without_gpus, n)


def list_rows(
    live: QuerySet[Any], of_noun: dict[str, Any], *, start: datetime
) -> Iterator[tuple[Any, ...]]:
    """First those that held GPUs all the time, in groups, then one by one those that changed."""
    columns = "source_key", "status", "instance_id", "node_count", "gpu_count"
    changed = StatusChange.objects.filter(**of_noun, first_seen_new_at__gt=start)
    unknown = UnknownPeriod.objects.filter(**of_noun, until__gt=start)
    is_changed = Q(remote_id__in=changed.values("remote_id"))
    is_new = (
        Q(first_seen_at__gt=start)
        | Q(unknown_since__gt=start)
        | Q(remote_id__in=unknown.values("remote_id"))
    )
    holds = ~Q(status__in=live.model.vocabulary.without_gpus) & ~Q(status="")
    never_known = Q(unknown_since__isnull=False, unknown_since__lte=F("first_seen_at"))
    rest = live.filter(holds & ~is_changed & ~is_new).exclude(never_known).order_by()
    is_unknown = Case(
        When(unknown_since=None, then=None), default=Value(start), output_field=DateTimeField()
    )
    groups = rest.annotate(since=is_unknown).values_list(*columns, "since")
    for *row, number in groups.annotate(Count("pk")):
        yield (*row, LONG_AGO, "", number)
    moved = live.filter(is_changed | holds & is_new).order_by()
    for row in moved.values_list(*columns, "unknown_since", "first_seen_at", "remote_id").iterator(
        2000
    ):
        yield (*row, 1)


def select_live(
    workspace: Workspace, model: type[GPUHolder], *, start: datetime, end: datetime
) -> QuerySet[Any]:
    """Those that had been seen by the end of this time and had not ended before it."""
    later = StatusChange.objects.filter(
        workspace=workspace, noun=model.noun, first_seen_new_at__gt=start
    )
    rows = model._default_manager.filter(workspace=workspace, first_seen_at__lt=end)
    return rows.filter(
        ~Q(status__in=model.vocabulary.terminal) | Q(remote_id__in=later.values("remote_id"))
    )
