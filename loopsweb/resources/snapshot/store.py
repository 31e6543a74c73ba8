"""Store an answer of the API: new and changed rows in bulk, status changes, rows gone missing.

An unchanged row costs one comparison of digests and no write. When two answers overlap, the one
requested later wins, whichever is stored first. A field that an answer leaves out keeps its value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol, TypeVar

from django.db import connection, models, transaction
from django.db.models import F, QuerySet
from django.dispatch import Signal

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import LazyList
from loopsweb.loops_api.omissions import STATUS_FIELDS, fill_omissions
from loopsweb.resources.snapshot import sanitize, unknown_periods
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.sanitize import ID_LENGTH
from loopsweb.resources.snapshot.status_changes import StatusChange, statuses_changed
from loopsweb.resources.snapshot.stored_rows import (
    BATCH_SIZE,
    StoredRow,
    compute_digest,
    find_last_told,
    is_row_newer,
    is_unchanged,
    load_raws,
    load_rows,
    select_columns,
    split_into_batches,
)
from loopsweb.resources.snapshot.upserts import upsert_rows

WRITERS = 0x10095  # the advisory locks of `lock_writers`

# Sent with the `workspace`, the `ids` of rows that are new, changed or newly missing, and the first
# two of these as `rows`, in the transaction that stores them.
rows_stored = Signal()


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
    unreported: Collection[str] = (),
) -> bool:
    """Make the rows of `model` agree with `found`, one answer of the API.

    `build` makes a row's own fields from one object, with what the answer left out filled in. Rows
    of `expected` that were not found are marked missing (None: the answer was about single objects,
    nothing is expected). Changes of status are stored as StatusChange; the `unreported` columns are
    left as they are. The workspace's version grows if anything changed. Rows are locked first: see
    `lock_workspace`.

    Returns False when rows newer than this answer were left alone: then its digest must not stand
    for what is stored.
    """
    known: dict[str, StoredRow] = {}
    if expected is not None:
        columns = select_columns(expected).iterator(10_000)
        known = {row.remote_id: row for row in map(StoredRow._make, columns)}
    objects = {one.id: one for one in found if len(one.id) <= ID_LENGTH}
    rows = model._default_manager.filter(workspace=poll.workspace)
    known |= load_rows(rows, [one for one in objects if one not in known])

    digests = {remote_id: compute_digest(one.raw) for remote_id, one in objects.items()}
    unlike = [one for one, digest in digests.items() if not is_unchanged(known.get(one), digest)]
    absent = [one for one, row in known.items() if one not in objects and not row.missing_since]
    if unlike or absent:
        lock_writers(poll.workspace)
    known |= load_rows(rows.select_for_update(), unlike + absent)  # read again under lock
    overtaken = {one for one in unlike + absent if is_row_newer(known.get(one), poll)}
    earlier = load_raws(rows, [one for one in unlike if one in known])

    changed: list[S] = []
    changes: list[StatusChange] = []
    known_again: list[unknown_periods.UnknownPeriod] = []
    for remote_id in unlike:
        digest, before = digests[remote_id], known.get(remote_id)
        if remote_id in overtaken or is_unchanged(before, digest):
            continue
        filled, omitted = fill_omissions(objects[remote_id], earlier.get(remote_id, {}))
        row = build(filled)
        row.omitted, row.is_status_omitted = omitted, not STATUS_FIELDS.isdisjoint(omitted)
        changed.append(finish_row(row, remote_id=remote_id, digest=digest, poll=poll))
        if before and before.missing_since is None and agrees(row.raw, earlier[remote_id]):
            row.changed_at = before.changed_at
        known_again += unknown_periods.keep_unknown_time(row, before, poll)
        if before and model.vocabulary and getattr(row, model.status_field) != before.status:
            changes.append(build_change(row, before, poll))
    upsert_rows(model, changed, unreported=unreported)
    gone = [one for one in absent if one not in overtaken and not known[one].missing_since]
    for pks in split_into_batches([known[one].pk for one in gone]):
        rows_gone = model._default_manager.filter(pk__in=pks)
        unknown_periods.mark_missing(
            rows_gone, since=poll.previous_at or poll.now, noticed_at=poll.now
        )
    seen = [change for change in changes if change.old]  # a first status is no change
    StatusChange.objects.bulk_create(seen, batch_size=BATCH_SIZE)
    unknown_periods.UnknownPeriod.objects.bulk_create(known_again, batch_size=BATCH_SIZE)
    announce(model, changed, gone=gone, changes=changes, poll=poll)
    return not overtaken


def announce(
    model: type[S],
    changed: list[S],
    *,
    gone: list[str],
    changes: list[StatusChange],
    poll: PollContext,
) -> None:
    """Let others write what follows, in the same transaction: figures first, since they are rows.
    Pages of the workspace reload."""
    if changed or gone:
        ids = [*(row.remote_id for row in changed), *gone]
        rows_stored.send(sender=model, workspace=poll.workspace, ids=ids, rows=changed)
    if changes:
        statuses_changed.send(sender=model, changes=changes, poll=poll)
    if changed or gone:
        touch_version(poll.workspace)


def store_list(
    listing: LazyList[N],
    build: Callable[[N], S],
    *,
    rows: QuerySet[S],
    poll: PollContext,
    unreported: Collection[str] = (),
) -> str:
    """Store a list; `rows` are those that it should have.

    Returns the digest of what is stored: "" when rows newer than this answer were left alone.
    """
    # An object that could not be parsed may be any row, so then none is known to be missing.
    expected = None if listing.skipped else poll.select_expected(rows)
    is_stored = store_answer(
        listing, build, model=rows.model, poll=poll, expected=expected, unreported=unreported
    )
    return listing.digest if is_stored else ""


def agrees(raw: dict[str, Any], earlier: dict[str, Any]) -> bool:
    """True if `raw` contradicts no value of `earlier`: it may say more."""
    return all(raw[name] == value for name, value in earlier.items() if name in raw)


def build_change(row: Snapshot, before: StoredRow, poll: PollContext) -> StatusChange:
    return StatusChange(
        workspace=poll.workspace,
        noun=row.noun,
        remote_id=row.remote_id,
        field=row.status_field,
        old=before.status,
        new=getattr(row, row.status_field),
        last_seen_old_at=find_last_told(before, poll),
        first_seen_new_at=poll.now,
    )


def copy_columns(model: type[S], source: ApiObject, **own: Any) -> S:
    """A row whose columns have the values of `source` under the same names, `x_remote_id` that of
    `x_id`. `own` are the columns that come from elsewhere. Missing text becomes ""."""
    values = {
        field.name: value
        for field in model._meta.concrete_fields
        if not field.primary_key
        and (value := getattr(source, field.name.replace("remote_id", "id"), None)) is not None
    }
    return model(**values | own)


def finish_row(row: S, *, remote_id: str, digest: str, poll: PollContext) -> S:
    """Fill in what every snapshot row has, and make all values fit the database."""
    row.remote_id, row.digest = remote_id, digest
    row.workspace, row.source_key = poll.workspace, poll.key
    row.first_seen_at = row.changed_at = poll.now
    for field in row._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField | models.IntegerField):
            is_big = isinstance(field, models.BigIntegerField)
            largest = sanitize.MAX_BIGINT if is_big else sanitize.MAX_INTEGER
            value, length = getattr(row, field.attname), field.max_length
            fitting = sanitize.fit_value(value, max_length=length, largest=largest)
            setattr(row, field.attname, fitting)
    row.raw = sanitize.replace_nul(row.raw)
    return row


def lock_writers(workspace: Workspace) -> None:
    """Keep others from writing several rows of the workspace until the commit: the figures of a
    row follow from rows of other nouns. Taken before any row is locked. SQLite has one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [WRITERS, workspace.pk])


def lock_workspace(workspace: Workspace) -> None:
    """Keep others from requesting or deciding anything in the workspace until the commit.

    The lock order is: writers, snapshot rows, the workspace, requests, the audit chain. Two writers
    that follow it never deadlock."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def touch_version(workspace: Workspace) -> None:
    """Make every live page of the workspace reload: something visible changed."""
    Workspace.objects.filter(pk=workspace.pk).update(version=F("version") + 1)
