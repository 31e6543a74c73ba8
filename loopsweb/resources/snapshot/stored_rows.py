"""The rows that an answer is compared with, as they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db.models import QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.batches import split
from loopsweb.prepared_queries import Parameter, PreparedQuery, among
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


def load_rows(
    model: type[Snapshot], workspace: Workspace, ids: list[str], *, locks: bool = False
) -> dict[str, StoredRow]:
    """By remote id. locks: until the commit; rows are always locked in the same order."""
    found = prepare_rows(model, locks).fetch(workspace=workspace.pk, ids=ids) if ids else ()
    return {row.remote_id: row for row in map(StoredRow._make, found)}


def load_kept(
    model: type[Snapshot], workspace: Workspace, ids: list[str], *, names: tuple[str, ...]
) -> list[Any]:
    """(remote id, its JSON as it is stored, the columns of these names) of each."""
    return prepare_kept(model, names).fetch(workspace=workspace.pk, ids=ids) if ids else []


@cache
def prepare_rows(model: type[Snapshot], locks: bool) -> PreparedQuery:  # noqa: FBT001
    rows = select_given(model).order_by("remote_id")
    return PreparedQuery(lambda: select_columns(rows.select_for_update() if locks else rows))


@cache
def prepare_kept(model: type[Snapshot], names: tuple[str, ...]) -> PreparedQuery:
    return PreparedQuery(lambda: select_given(model).values_list("remote_id", "raw", *names))


def select_given(model: type[Snapshot]) -> QuerySet[Any]:
    here: dict[str, Any] = {"workspace_id": Parameter("workspace")}
    return model._default_manager.filter(among("remote_id", "ids"), **here)


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
