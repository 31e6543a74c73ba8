"""The base classes of every noun's model: rows of what the API last reported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, Self, TypeVar

from django.db import models
from django.db.models import Count, Q

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.facet_indexes import FACETS
from loopsweb.resources.snapshot.largest_first import LargestFirst
from loopsweb.ui.filters import build_order
from loopsweb.ui.statuses import Vocabulary

Row = TypeVar("Row", bound="Snapshot")
REPORTED = Q(missing_since=None, is_status_omitted=False)
BUSY, SERVING = GOING_ON = ("busy", "serving")  # signs of work that was not seen to end


@dataclass(frozen=True)
class Tally:
    """A number of rows now. unreported: those of which it is not known whether it still holds.
    without_status: those that are listed, and of which it was never known."""

    reported: int = 0
    unreported: int = 0
    without_status: int = 0

    @property
    def known(self) -> int | None:
        """None where it is known of none, and there are some."""
        return None if self.without_status and not self.reported else self.reported


NONE = Tally()


class HasReport(Protocol):
    @property
    def is_reported(self) -> bool: ...


def tally(rows: Collection[HasReport]) -> Tally:
    reported = sum(row.is_reported for row in rows)
    return Tally(reported, len(rows) - reported)


class SnapshotQuerySet(models.QuerySet[Row]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def newest_first(self) -> Self:
        """Rows whose age is unknown come last."""
        return self.order_by(build_order(self.model, self.model.newest_field), "-pk")

    def reported(self) -> Self:
        """Rows that the last answer listed, with a status: only these say what is so now."""
        return self.filter(REPORTED)

    def tally_status(self, status: str) -> Tally:
        """Count those that have `status` now, and beside it those that may have it."""
        field = self.model.status_field
        either = self.filter(**{f"{field}__in": [status, ""]})  # the others are not looked at
        return Tally(**either.aggregate(**count_status(field, status)))

    def tally_by(self, field: str) -> dict[str, Tally]:
        """{value of `field`: the tally of the rows that have it}."""
        groups = self.order_by().values_list(field)
        counted = groups.annotate(Count("pk"), reported=Count("pk", filter=REPORTED))
        return {value: Tally(reported, found - reported) for value, found, reported in counted}


def count_status(field: str, status: str) -> dict[str, Count]:
    """{field of a Tally: what counts it}."""
    has, has_none = Q(**{field: status}), Q(**{field: ""})
    return {
        "reported": Count("pk", filter=has & REPORTED),
        "unreported": Count("pk", filter=has & ~REPORTED),
        "without_status": Count("pk", filter=has_none & REPORTED),
    }


class Snapshot(models.Model):
    """Text the API did not give is "", a number or time None. `raw` is the object as received,
    with the fields that the last answer left out, `omitted`, as they were received before.

    `missing_since` is when an answer that should have listed the row first did not. It does not
    mean that the object stopped: it may no longer be visible to the key. `unknown_since` is the
    first of the answers in a row that did not list it with a status.
    """

    noun: ClassVar[str]  # singular, as in the audit and in `StatusChange.noun`
    vocabulary: ClassVar[Vocabulary | None] = None
    status_field: ClassVar[str] = "status"  # its changes are recorded, if there is a vocabulary

    newest_field: ClassVar[str] = "created_at"
    facet_fields: ClassVar[tuple[str, ...]] = ()  # whose values its list counts

    starting: Any = None  # the audit event of its creation, of what no list has yet: see pages

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    remote_id = models.CharField(max_length=255)
    raw = models.JSONField(default=dict)
    digest = models.CharField(max_length=32, editable=False)
    source_key = models.ForeignKey(
        Key, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(null=True, blank=True, editable=False)
    omitted = models.JSONField(default=list, blank=True)
    is_status_omitted = models.BooleanField(default=False)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "remote_id"], name="%(class)s_once_per_workspace"
            )
        ]

    def __str__(self) -> str:
        return self.remote_id

    @property
    def omitted_fields(self) -> str:
        return ", ".join(self.omitted)

    @property
    def is_reported(self) -> bool:
        """True if the last answer listed it, with its status."""
        return self.missing_since is None and not self.is_status_omitted

    @property
    def is_terminal(self) -> bool:
        known = self.vocabulary
        return known is not None and getattr(self, self.status_field) in known.terminal


class Costed(Snapshot):
    """A row with what it holds and costs, and when it last worked. `resources/figures/` alone
    writes this, whenever what it follows from changes.

    gpus, usd_per_hour: None where unknown; gpus_of and usd_of say of what, cost_source who says it.
    last_work_at: the last sign of work, None where it is unknown or no GPUs are held.
    pair_remote_id: the deployment in whose figures it is counted.
    """

    facet_fields = FACETS

    gpus = models.IntegerField(null=True, editable=False)
    gpus_of = models.CharField(max_length=12, blank=True, editable=False)
    usd_per_hour = models.DecimalField(max_digits=20, decimal_places=6, null=True, editable=False)
    usd_of = models.CharField(max_length=12, blank=True, editable=False)
    cost_source = models.CharField(max_length=60, default="unknown", editable=False)
    last_work_at = models.DateTimeField(null=True, editable=False)
    last_work_sign = models.CharField(max_length=12, blank=True, editable=False)
    pair_remote_id = models.CharField(max_length=255, blank=True, editable=False)
    observed_until: datetime | None = None  # not stored: work would have been seen till then

    class Meta(Snapshot.Meta):
        abstract = True
        indexes = [
            models.Index(fields=["workspace", "last_work_at", "-id"], name="%(class)s_idle"),
            LargestFirst("usd_per_hour", name="%(class)s_cost"),
            LargestFirst("gpus", name="%(class)s_gpus"),
            models.Index(fields=["workspace", "pair_remote_id"], name="%(class)s_pair"),
        ]

    @property
    def is_working(self) -> bool:
        """True if it worked when its metrics were last read, which was at `last_work_at`."""
        return self.last_work_sign in GOING_ON

    @property
    def idle_for(self) -> timedelta | None:
        """Since the last sign of work; None where that or its end is unknown, or work goes on."""
        if self.last_work_at is None or self.observed_until is None or self.is_working:
            return None
        return max(self.observed_until - self.last_work_at, timedelta())

    @property
    def idle_seconds(self) -> int | None:
        return None if self.idle_for is None else int(self.idle_for.total_seconds())


FIGURES = (
    *("gpus", "gpus_of", "usd_per_hour", "usd_of", "cost_source"),
    *("last_work_at", "last_work_sign", "pair_remote_id"),
)


MEASURED = ("metrics_as_of", "ask_metrics_at", "worked_at", "worked_sign")  # of a deployment


def count_gpus(of_one: int | None, machines: int | None) -> int | None:
    """None where it is unknown of one; where the number of machines is, there is one."""
    return None if of_one is None else of_one * (1 if machines is None else machines)


class GPUHolder(Costed):
    """A row with a status and an instance type, which may hold GPUs."""

    vocabulary: ClassVar[Vocabulary]

    base_model = models.CharField(max_length=255, blank=True)
    base_url = models.TextField(blank=True)
    status = models.CharField(max_length=255, blank=True)
    owner_email = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(null=True)
    instance_id = models.CharField(max_length=255, blank=True)
    instance_name = models.CharField(max_length=255, blank=True)
    gpu_type = models.CharField(max_length=255, blank=True)
    gpu_count = models.IntegerField(null=True)
    node_count = models.IntegerField(null=True)

    class Meta(Costed.Meta):
        abstract = True

    @property
    def is_serverless(self) -> bool:
        """True for what is serverless: it has no GPUs of its own."""
        return False

    @property
    def gpus_held(self) -> int | None:
        """GPUs held now; None where status or instance type is unknown, or was not in the last
        answer. A deployment's are those of its trainer: `run_pairing` adds the sampler's."""
        if self.is_serverless:
            return 0
        if self.is_terminal or (self.is_reported and self.status in self.vocabulary.without_gpus):
            return 0
        return self.gpus_of_machines if self.status and self.is_reported else None

    @property
    def gpus_of_machines(self) -> int | None:
        """GPUs of all its machines, whether they are held or not; None where unknown."""
        return count_gpus(self.gpu_count, self.node_count)
