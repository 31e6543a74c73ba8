"""Keep what an answer said: new and changed rows in bulk, status changes, rows that went missing.

An unchanged row costs one comparison of digests and no write. Of two answers about one row the
one asked for later holds, whichever comes first.
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
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.sanitize import ID_LENGTH, MAX_BIGINT, MAX_INTEGER, fit, fit_json
from loopsweb.resources.snapshot.status_changes import StatusChange, seen

BATCH = 500
LATE_AT_MOST = timedelta(minutes=10)  # what is newer by more was kept under a clock that was wrong
OURS = frozenset({"id", "workspace", "remote_id", "first_seen_at"})


class Named(Protocol):
    """What every type of loops_api with an id has."""

    @property
    def id(self) -> str: ...
    @property
    def raw(self) -> dict[str, Any]: ...


N = TypeVar("N", bound=Named)
S = TypeVar("S", bound=Snapshot)


@transaction.atomic
def keep(
    found: Iterable[N],
    build: Callable[[N], S],
    *,
    model: type[S],
    reading: Reading,
    expected: QuerySet[S] | None = None,
    tracked: Sequence[str] = ("status",),
    leave: Collection[str] = (),
) -> bool:
    """Make the rows of `model` agree with `found`, one answer of the API. False when some of it was
    older than what is kept, and passed over: then its digest must not stand for what is kept.

    `build` makes a row's own fields of one thing found. Rows of `expected` that were not found
    are marked missing (None: the answer was about single things, nothing is expected).
    `tracked` are the fields whose changes are remembered, `leave` those this answer does not speak
    of. The workspace's version grows if anything changed.

    Rows are held first: see `hold`.
    """
    columns = ["remote_id", "digest", "missing_since", "pk", "changed_at", *tracked]
    known: dict[str, tuple[Any, ...]] = {}
    if expected is not None:
        known = {row[0]: row for row in expected.values_list(*columns).iterator(10_000)}
    things = {thing.id: thing for thing in found if len(thing.id) <= ID_LENGTH}
    here = model._default_manager.filter(workspace=reading.workspace)
    known |= rows_of(here, [one for one in things if one not in known], columns)

    digests = {remote_id: digest_of(thing.raw) for remote_id, thing in things.items()}
    news = [one for one, digest in digests.items() if not says(known.get(one), digest)]
    gone = [row[0] for row in known.values() if row[0] not in things and row[2] is None]
    known |= rows_of(here.select_for_update(), news + gone, columns)  # as they are by now
    newer = {one for one in news + gone if is_newer(known.get(one), reading)}

    changed: list[S] = []
    changes: list[StatusChange] = []
    for remote_id in news:
        digest, before = digests[remote_id], known.get(remote_id)
        if remote_id in newer or says(before, digest):
            continue
        row = build(things[remote_id])
        changed.append(complete(row, remote_id=remote_id, digest=digest, reading=reading))
        if before:
            changes += differences(row, dict(zip(columns, before, strict=True)), tracked, reading)
    upsert(model, changed, leave=leave)
    lost = [known[one][3] for one in gone if one not in newer and known[one][2] is None]
    for pks in batches(lost):
        model._default_manager.filter(pk__in=pks).update(
            missing_since=reading.previous_at or reading.now
        )
    StatusChange.objects.bulk_create(changes, batch_size=BATCH)
    if changes:
        seen.send(sender=model, changes=changes, reading=reading)
    if changed or lost:
        bump(reading.workspace)
    return not newer


def rows_of(
    rows: QuerySet[S], ids: list[str], columns: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    """{remote id: its `columns`}; all who hold rows hold them in the same order."""
    return {
        row[0]: row
        for some in batches(sorted(ids))
        for row in rows.filter(remote_id__in=some).order_by("remote_id").values_list(*columns)
    }


def is_newer(row: tuple[Any, ...] | None, reading: Reading) -> bool:
    """Whether the row (…, …, …, …, changed_at, …) is of an answer asked for after this one."""
    return row is not None and reading.now < row[4] < reading.now + LATE_AT_MOST


def says(row: tuple[Any, ...] | None, digest: str) -> bool:
    """Whether the row (remote_id, digest, missing_since, …) is there and says the same."""
    return row is not None and row[1:3] == (digest, None)


def differences(
    row: Snapshot, before: dict[str, Any], tracked: Sequence[str], reading: Reading
) -> list[StatusChange]:
    return [
        StatusChange(
            workspace=reading.workspace,
            noun=type(row).__name__.lower(),
            remote_id=row.remote_id,
            field=field,
            old=before[field],
            new=getattr(row, field),
            last_seen_old_at=before["missing_since"] or reading.previous_at,
            first_seen_new_at=reading.now,
        )
        for field in tracked
        if getattr(row, field) != before[field]
    ]


def complete(row: S, *, remote_id: str, digest: str, reading: Reading) -> S:
    """Add what every snapshot has, and make all of it fit the database."""
    row.remote_id, row.digest = remote_id, digest
    row.workspace, row.source_key = reading.workspace, reading.key
    row.first_seen_at = row.changed_at = reading.now
    for field in row._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField | models.IntegerField):
            largest = MAX_BIGINT if isinstance(field, models.BigIntegerField) else MAX_INTEGER
            value = getattr(row, field.attname)
            fitting = fit(value, max_length=field.max_length, largest=largest)
            setattr(row, field.attname, fitting)
    row.raw = fit_json(row.raw)
    return row


def upsert(model: type[S], rows: list[S], *, leave: Collection[str] = ()) -> None:
    if not rows:
        return
    columns = [f.name for f in model._meta.concrete_fields if f.name not in OURS.union(leave)]
    model._default_manager.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["workspace", "remote_id"],
        update_fields=columns,
    )


def hold(workspace: Workspace) -> None:
    """Nobody else asks for or decides anything in the workspace until the commit. The order is:
    rows of the snapshot, the workspace, requests, the chain; so two writers never deadlock."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def bump(workspace: Workspace) -> None:
    """Something visible changed: every live page of the workspace asks for itself again."""
    Workspace.objects.filter(pk=workspace.pk).update(version=F("version") + 1)


def digest_of(raw: dict[str, Any]) -> str:
    encoded = msgspec.json.encode(raw, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def batches(ids: list[Any]) -> Iterator[list[Any]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
