"""Store an answer of the API: new and changed rows in bulk, status changes, rows gone missing.

An unchanged row costs one comparison of digests and no write. When two answers overlap, the one
requested later wins, whichever is stored first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import msgspec
from django.db import models, transaction
from django.db.models import F, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.sanitize import (
    ID_LENGTH,
    MAX_BIGINT,
    MAX_INTEGER,
    fit_value,
    replace_nul,
)
from loopsweb.resources.snapshot.status_changes import StatusChange, statuses_changed

BATCH_SIZE = 500
MAX_CLOCK_ERROR = timedelta(minutes=10)  # rows newer by more were stored under a wrong clock
NEVER_UPDATED = frozenset({"id", "workspace", "remote_id", "first_seen_at"})


class ApiObject(Protocol):
    """Any type of loops_api that has an id."""

    @property
    def id(self) -> str: ...
    @property
    def raw(self) -> dict[str, Any]: ...


N = TypeVar("N", bound=ApiObject)
S = TypeVar("S", bound=Snapshot)


@transaction.atomic
def store_answer(
    found: Iterable[N],
    build: Callable[[N], S],
    *,
    model: type[S],
    poll: PollContext,
    expected: QuerySet[S] | None = None,
    tracked: Sequence[str] = ("status",),
    unreported: Collection[str] = (),
) -> bool:
    """Make the rows of `model` agree with `found`, one answer of the API.

    `build` makes a row's own fields from one object. Rows of `expected` that were not found are
    marked missing (None: the answer was about single objects, nothing is expected). Changes of the
    `tracked` fields are stored as StatusChange; the `unreported` fields are left as they are. The
    workspace's version grows if anything changed. Rows are locked first: see `lock_workspace`.

    Returns False when rows newer than this answer were left alone: then its digest must not stand
    for what is stored.
    """
    columns = ["remote_id", "digest", "missing_since", "pk", "changed_at", *tracked]
    known: dict[str, tuple[Any, ...]] = {}
    if expected is not None:
        known = {row[0]: row for row in expected.values_list(*columns).iterator(10_000)}
    objects = {one.id: one for one in found if len(one.id) <= ID_LENGTH}
    here = model._default_manager.filter(workspace=poll.workspace)
    known |= load_rows(here, [one for one in objects if one not in known], columns)

    digests = {remote_id: compute_digest(one.raw) for remote_id, one in objects.items()}
    news = [one for one, digest in digests.items() if not is_unchanged(known.get(one), digest)]
    gone = [row[0] for row in known.values() if row[0] not in objects and row[2] is None]
    known |= load_rows(here.select_for_update(), news + gone, columns)  # as they are by now
    newer = {one for one in news + gone if is_row_newer(known.get(one), poll)}

    changed: list[S] = []
    changes: list[StatusChange] = []
    for remote_id in news:
        digest, before = digests[remote_id], known.get(remote_id)
        if remote_id in newer or is_unchanged(before, digest):
            continue
        row = build(objects[remote_id])
        changed.append(finish_row(row, remote_id=remote_id, digest=digest, poll=poll))
        if before:
            changes += find_changes(row, dict(zip(columns, before, strict=True)), tracked, poll)
    upsert_rows(model, changed, unreported=unreported)
    lost = [known[one][3] for one in gone if one not in newer and known[one][2] is None]
    for pks in split_into_batches(lost):
        model._default_manager.filter(pk__in=pks).update(missing_since=poll.previous_at or poll.now)
    StatusChange.objects.bulk_create(changes, batch_size=BATCH_SIZE)
    if changes:
        statuses_changed.send(sender=model, changes=changes, poll=poll)
    if changed or lost:
        touch_version(poll.workspace)
    return not newer


def load_rows(
    rows: QuerySet[S], ids: list[str], columns: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    """{remote id: its `columns`}. Rows are always locked in the same order."""
    return {
        row[0]: row
        for some in split_into_batches(sorted(ids))
        for row in rows.filter(remote_id__in=some).order_by("remote_id").values_list(*columns)
    }


def is_row_newer(row: tuple[Any, ...] | None, poll: PollContext) -> bool:
    """Whether the row (…, …, …, …, changed_at, …) comes from an answer requested after this one."""
    return row is not None and poll.now < row[4] < poll.now + MAX_CLOCK_ERROR


def is_unchanged(row: tuple[Any, ...] | None, digest: str) -> bool:
    """Whether the row (remote_id, digest, missing_since, …) is present with this digest."""
    return row is not None and row[1:3] == (digest, None)


def find_changes(
    row: Snapshot, before: dict[str, Any], tracked: Sequence[str], poll: PollContext
) -> list[StatusChange]:
    return [
        StatusChange(
            workspace=poll.workspace,
            noun=row.noun,
            remote_id=row.remote_id,
            field=field,
            old=before[field],
            new=getattr(row, field),
            last_seen_old_at=before["missing_since"] or poll.previous_at,
            first_seen_new_at=poll.now,
        )
        for field in tracked
        if getattr(row, field) != before[field]
    ]


def finish_row(row: S, *, remote_id: str, digest: str, poll: PollContext) -> S:
    """Fill in what every snapshot row has, and make all values fit the database."""
    row.remote_id, row.digest = remote_id, digest
    row.workspace, row.source_key = poll.workspace, poll.key
    row.first_seen_at = row.changed_at = poll.now
    for field in row._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField | models.IntegerField):
            largest = MAX_BIGINT if isinstance(field, models.BigIntegerField) else MAX_INTEGER
            value = getattr(row, field.attname)
            fitting = fit_value(value, max_length=field.max_length, largest=largest)
            setattr(row, field.attname, fitting)
    row.raw = replace_nul(row.raw)
    return row


def upsert_rows(model: type[S], rows: list[S], *, unreported: Collection[str] = ()) -> None:
    if not rows:
        return
    columns = [
        f.name for f in model._meta.concrete_fields if f.name not in NEVER_UPDATED.union(unreported)
    ]
    model._default_manager.bulk_create(
        rows,
        batch_size=BATCH_SIZE,
        update_conflicts=True,
        unique_fields=["workspace", "remote_id"],
        update_fields=columns,
    )


def lock_workspace(workspace: Workspace) -> None:
    """Keep others from requesting or deciding anything in the workspace until the commit.

    The lock order is: snapshot rows, the workspace, requests, the audit chain. Two writers that
    follow it never deadlock."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def touch_version(workspace: Workspace) -> None:
    """Make every live page of the workspace reload: something visible changed."""
    Workspace.objects.filter(pk=workspace.pk).update(version=F("version") + 1)


def compute_digest(raw: dict[str, Any]) -> str:
    encoded = msgspec.json.encode(raw, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def split_into_batches(ids: list[Any]) -> Iterator[list[Any]]:
    return (ids[start : start + BATCH_SIZE] for start in range(0, len(ids), BATCH_SIZE))
