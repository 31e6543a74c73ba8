"""Keep what an answer said: new and changed rows in bulk, status changes, rows that went missing.

An unchanged row costs one comparison of digests and no write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec
from django.db import models, transaction
from django.db.models import F, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.reading import Reading
from loopsweb.resources.snapshot import Snapshot
from loopsweb.resources.status_changes import StatusChange, seen
from loopsweb.resources.tidy import ID_LENGTH, MAX_BIGINT, MAX_INTEGER, fit, fit_json

BATCH = 500
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
) -> list[StatusChange]:
    """Make the rows of `model` agree with `found`, one answer of the API; the status changes seen.

    `build` makes a row's own fields of one thing found. Rows of `expected` that were not found
    are marked missing (None: the answer was about single things, nothing is expected).
    `tracked` are the fields whose changes are remembered, `leave` those this answer does not speak
    of. The workspace's version grows if anything changed.
    """
    columns = ["remote_id", "digest", "missing_since", "pk", *tracked]
    known: dict[str, tuple[Any, ...]] = {}
    if expected is not None:
        known = {row[0]: row for row in expected.values_list(*columns).iterator(10_000)}
    things = {thing.id: thing for thing in found if len(thing.id) <= ID_LENGTH}
    for ids in batches([remote_id for remote_id in things if remote_id not in known]):
        rows = model._default_manager.filter(workspace=reading.workspace, remote_id__in=ids)
        known |= {row[0]: row for row in rows.values_list(*columns)}

    changed: list[S] = []
    changes: list[StatusChange] = []
    for remote_id, thing in things.items():
        digest = digest_of(thing.raw)
        before = known.get(remote_id)
        if before and before[1] == digest and before[2] is None:
            continue
        row = complete(build(thing), remote_id=remote_id, digest=digest, reading=reading)
        changed.append(row)
        if before:
            seen_at = before[2] or reading.previous_at
            now_then = zip(tracked, before[4:], strict=True)
            changes += [
                StatusChange(
                    workspace=reading.workspace,
                    noun=model.__name__.lower(),
                    remote_id=remote_id,
                    field=field,
                    old=old,
                    new=getattr(row, field),
                    last_seen_old_at=seen_at,
                    first_seen_new_at=reading.now,
                )
                for field, old in now_then
                if getattr(row, field) != old
            ]
    upsert(model, changed, leave=leave)
    StatusChange.objects.bulk_create(changes, batch_size=BATCH)
    if changes:
        seen.send(sender=model, changes=changes, reading=reading)
    lost = [row[3] for row in known.values() if row[0] not in things and row[2] is None]
    for pks in batches(lost):
        model._default_manager.filter(pk__in=pks).update(
            missing_since=reading.previous_at or reading.now
        )
    if changed or lost:
        bump(reading.workspace)
    return changes


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
    """Nobody else changes what belongs to the workspace until the commit. Who writes several things
    takes this first, then rows, then the chain, so that two writers never wait for each other."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)


def bump(workspace: Workspace) -> None:
    """Something visible changed: every live page of the workspace asks for itself again."""
    Workspace.objects.filter(pk=workspace.pk).update(version=F("version") + 1)


def digest_of(raw: dict[str, Any]) -> str:
    encoded = msgspec.json.encode(raw, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def batches(ids: list[Any]) -> Iterator[list[Any]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
