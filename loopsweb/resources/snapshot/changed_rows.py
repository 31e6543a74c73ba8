"""Writes the rows of an answer that differ from what is stored, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Protocol, TypeVar

from loopsweb.loops_api.omissions import STATUS_FIELDS, fill_omissions
from loopsweb.resources.snapshot import sanitize
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.status_changes import StatusChange, insert_changes
from loopsweb.resources.snapshot.stored_rows import (
    StoredRow,
    find_last_told,
    load_kept,
)
from loopsweb.resources.snapshot.unknown_periods import UnknownPeriod, keep_unknown_time
from loopsweb.resources.snapshot.upserts import upsert_rows


class ApiObject(Protocol):
    """Any type of loops_api that has an id."""

    @property
    def id(self) -> str: ...
    @property
    def raw(self) -> dict[str, Any]: ...


N = TypeVar("N", bound=ApiObject)
S = TypeVar("S", bound=Snapshot)


class ChangedRows(Generic[N, S]):
    """build, unreported: see `store_answer`. changes: of the status of what was written so far,
    first ones too."""

    def __init__(
        self,
        model: type[S],
        build: Callable[[N], S],
        *,
        poll: PollContext,
        unreported: Collection[str],
    ) -> None:
        self.model, self.build, self.poll = model, build, poll
        self.unreported = tuple(unreported)
        self.changes: list[StatusChange] = []

    def write(
        self, objects: list[N], *, known: Mapping[str, StoredRow], digests: Mapping[str, str]
    ) -> list[S]:
        """Insert or update the rows of these objects, with what follows. Returns the rows."""
        ids = [one.id for one in objects if one.id in known]
        kept = load_kept(self.model, self.poll.workspace, ids, names=self.unreported)
        earlier = {remote_id: raw for remote_id, raw, *_ in kept}
        unreported = {remote_id: values for remote_id, _, *values in kept}
        changed = list[S]()
        changes, known_again = list[StatusChange](), list[UnknownPeriod]()
        for one in objects:
            filled, omitted = fill_omissions(one, earlier.get(one.id, {}))
            row = self.build(filled)
            row.omitted, row.is_status_omitted = omitted, not STATUS_FIELDS.isdisjoint(omitted)
            finish_row(row, remote_id=one.id, digest=digests[one.id], poll=self.poll)
            for name, value in zip(self.unreported, unreported.get(one.id, ()), strict=False):
                setattr(row, name, value)
            before = known.get(one.id)
            if before and before.missing_since is None and agrees(row.raw, earlier[one.id]):
                row.changed_at = before.changed_at
            known_again += keep_unknown_time(row, before, self.poll)
            if before and row.vocabulary and getattr(row, row.status_field) != before.status:
                changes.append(build_change(row, before, self.poll))
            changed.append(row)
        upsert_rows(self.model, changed, unreported=self.unreported)
        insert_changes([each for each in changes if each.old])  # a first is none
        UnknownPeriod.objects.bulk_create(known_again)
        self.changes += changes
        return changed


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


def finish_row(row: S, *, remote_id: str, digest: str, poll: PollContext) -> None:
    """Fill in what every snapshot row has, and make all values fit the database."""
    row.remote_id, row.digest = remote_id, digest
    row.workspace, row.source_key = poll.workspace, poll.key
    row.first_seen_at = row.changed_at = poll.now
    sanitize.fit_columns(row)
    row.raw = sanitize.fit_json(row.raw)
