"""Store an answer of the API: new and changed rows in bulk, status changes, rows gone missing.

An unchanged row costs one comparison of digests and no write. When two answers overlap, the one
requested later wins, whichever is stored first. A field that an answer leaves out keeps its value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.dispatch import Signal

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import LazyList
from loopsweb.resources.snapshot.changed_rows import ApiObject, ChangedRows, N, S
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.sanitize import ID_LENGTH
from loopsweb.resources.snapshot.status_changes import statuses_changed
from loopsweb.resources.snapshot.stored_rows import (
    StoredRow,
    compute_digest,
    is_row_newer,
    is_unchanged,
    load_rows,
    select_columns,
    split_into_batches,
)
from loopsweb.resources.snapshot.unknown_periods import mark_missing

TOUCH_VERSION = 'UPDATE "accounts_workspace" SET "version" = "version" + 1 WHERE "id" = %s'
WRITERS = 0x10095  # the advisory locks of `lock_writers`

# Sent with the `workspace`, the `ids` of some rows that are new, changed or newly missing, and the
# first two of these as `rows`, in the transaction that stores them.
rows_stored = Signal()


class NewAnswer(NamedTuple):
    """One that differs from what is stored. store: stores it, and returns its digest. size: in
    bytes."""

    store: Callable[[], str]
    size: int = 0


@transaction.atomic(savepoint=False)
def store_answer(
    found: Iterable[N],
    build: Callable[[N], S],
    *,
    model: type[S],
    poll: PollContext,
    expected: QuerySet[S] | None = None,
    unreported: Collection[str] = (),
) -> bool:
    """Make the rows of `model` agree with `found`, one answer of the API, which is read twice.

    `build` makes a row's own fields from one object, with what the answer left out filled in. Rows
    of `expected` that were not found are marked missing (None: the answer was about single objects,
    nothing is expected). Changes of status are stored as StatusChange; the `unreported` columns are
    left as they are. The workspace's version grows if anything changed. Rows are locked first: see
    `lock_workspace`.

    Returns False when rows newer than this answer were left alone: then its digest must not stand
    for what is stored.
    """
    told = {
        one.id: (place, compute_digest(one.raw))
        for place, one in enumerate(found)
        if len(one.id) <= ID_LENGTH
    }
    if expected is not None:
        columns = select_columns(expected).iterator(1000)
        known = {row.remote_id: row for row in map(StoredRow._make, columns)}
    else:
        known = load_rows(model, poll.workspace, list(told))

    unlike = [one for one, (_, digest) in told.items() if not is_unchanged(known.get(one), digest)]
    absent = [one for one, row in known.items() if one not in told and not row.missing_since]
    if unlike or absent:
        lock_writers(poll.workspace)
    known |= load_rows(model, poll.workspace, unlike + absent, locks=True)
    overtaken = {one for one in unlike + absent if is_row_newer(known.get(one), poll)}
    written = {
        told[one][0]
        for one in unlike
        if one not in overtaken and not is_unchanged(known.get(one), told[one][1])
    }
    changed = ChangedRows(model, build, poll=poll, unreported=unreported)
    for some in split_into_batches(one for place, one in enumerate(found) if place in written):
        ids = [one.id for one in some]
        stored = changed.write(some, known=known, digests={one: told[one][1] for one in ids})
        rows_stored.send(sender=model, workspace=poll.workspace, ids=ids, rows=stored)
    gone = [one for one in absent if one not in overtaken and not known[one].missing_since]
    for names in split_into_batches(gone):
        rows_gone = model._default_manager.filter(pk__in=[known[one].pk for one in names])
        mark_missing(rows_gone, since=poll.previous_at or poll.now, noticed_at=poll.now)
        rows_stored.send(sender=model, workspace=poll.workspace, ids=names, rows=[])
    if changed.changes:
        statuses_changed.send(sender=model, changes=changed.changes, poll=poll)
    if written or gone:
        touch_version(poll.workspace)
    return not overtaken


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


def copy_columns(model: type[S], source: ApiObject, **own: Any) -> S:
    """A row whose columns have the values of `source` under the same names, `x_remote_id` that of
    `x_id`. `own` are the columns that come from elsewhere. Missing text becomes ""."""
    values = {
        name: value
        for name, source_name in list_copied(model, type(source))
        if (value := getattr(source, source_name)) is not None
    }
    return model(**values | own)


@cache
def list_copied(model: type[Snapshot], source: type[ApiObject]) -> list[tuple[str, str]]:
    """The names of the columns that come from `source`, with its names for them."""
    names = [(f.name, f.name.replace("remote_id", "id")) for f in model._meta.concrete_fields]
    return [(name, own) for name, own in names[1:] if hasattr(source, own)]


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
    with connection.cursor() as cursor:
        cursor.execute(TOUCH_VERSION, [workspace.pk])
