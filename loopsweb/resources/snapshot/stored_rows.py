"""The rows that an answer is compared with, as they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db.models import QuerySet

from loopsweb.batches import split
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext

BATCH_SIZE = 200  # the more rows at once, the more memory
MAX_CLOCK_ERROR = timedelta(minutes=10)  # rows newer by more were stored under a wrong clock

S = TypeVar("S", bound=Snapshot)
T = TypeVar("T")


class StoredRow(NamedTuple):
    """The columns of a stored row that answers are compared with."""

    remote_id: str
    digest: str
    missing_since: datetime | None
    changed_at: datetime
    unknown_since: datetime | None
    pk: int
    status: str = ""


def select_columns(rows: QuerySet[S]) -> QuerySet[S, tuple[Any, ...]]:
    """The columns of StoredRow; nouns without a vocabulary have no status."""
    model = rows.model
    status = [model.status_field] if model.vocabulary else []
    columns = ("remote_id", "digest", "missing_since", "changed_at", "unknown_since", "pk")
    return rows.values_list(*columns, *status)


def load_rows(rows: QuerySet[S], ids: list[str]) -> dict[str, StoredRow]:
    """By remote id. Rows are always locked in the same order."""
    return {
        row.remote_id: row
        for some in split_into_batches(sorted(ids))
        for row in map(
            StoredRow._make,
            select_columns(rows.filter(remote_id__in=some).order_by("remote_id")),
        )
    }


def load_raws(rows: QuerySet[S], ids: list[str]) -> dict[str, dict[str, Any]]:
    """{remote id: its JSON as it is stored}."""
    return {
        remote_id: raw
        for some in split_into_batches(ids)
        for remote_id, raw in rows.filter(remote_id__in=some).values_list("remote_id", "raw")
    }


def is_row_newer(row: StoredRow | None, poll: PollContext) -> bool:
    """True if the row comes from an answer requested after this one."""
    return row is not None and poll.now < row.changed_at < poll.now + MAX_CLOCK_ERROR


def is_unchanged(row: StoredRow | None, digest: str) -> bool:
    return row is not None and row.digest == digest and row.missing_since is None


def find_last_told(before: StoredRow, poll: PollContext) -> datetime | None:
    """When an answer told the status last; None where answers have left it out since."""
    if before.unknown_since is None:
        return poll.previous_at
    was_told = before.missing_since and before.missing_since < before.unknown_since
    return before.missing_since if was_told else None


def split_into_batches(values: Iterable[T]) -> Iterator[list[T]]:
    return split(values, BATCH_SIZE)


def compute_digest(raw: dict[str, Any]) -> str:
    encoded = msgspec.json.encode(raw, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()
