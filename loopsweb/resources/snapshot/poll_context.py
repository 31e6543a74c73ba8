"""One poll of a workspace: its key, its time, and the rows that its answers should list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from django.db.models import Q, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.models import Snapshot

S = TypeVar("S", bound=Snapshot)


@dataclass(frozen=True, kw_only=True)
class PollContext:
    """An answer to `key` should list the rows of the `covered_keys`, and with a key that sees the
    organisation those whose key was removed. `previous_at`: the last answer to the same query."""

    workspace: Workspace
    key: Key
    covered_keys: frozenset[int]
    now: datetime
    previous_at: datetime | None = None

    @classmethod
    def for_key(
        cls, key: Key, *, now: datetime, previous_at: datetime | None = None
    ) -> PollContext:
        """For calls about single objects, which cover no other key's rows."""
        covered, workspace = frozenset({key.pk}), key.workspace
        return cls(
            workspace=workspace, key=key, covered_keys=covered, now=now, previous_at=previous_at
        )

    def at(self, now: datetime, *, previous_at: datetime | None) -> PollContext:
        return replace(self, now=now, previous_at=previous_at)

    @property
    def scope(self) -> str | None:
        """The `scope` parameter of the list routes that take one."""
        return "org" if self.key.sees_organisation else None

    def select_expected(self, rows: QuerySet[S]) -> QuerySet[S]:
        """Those of `rows` that an answer to this key should list."""
        seen_by = Q(source_key__in=self.covered_keys)
        if self.key.sees_organisation:
            seen_by |= Q(source_key=None)
        return rows.filter(seen_by, workspace=self.workspace)
