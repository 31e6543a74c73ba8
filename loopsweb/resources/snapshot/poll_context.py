"""One reading of the API for a workspace: with which key, when, and whose rows it should name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.loops_api import Listing
from loopsweb.resources.snapshot.models import Snapshot

S = TypeVar("S", bound=Snapshot)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`covers` are the keys whose rows an answer to this key should name; `sees_all` adds the rows
    whose key was removed. `previous_at` is when the same question was last answered."""

    workspace: Workspace
    key: Key
    covers: frozenset[int]
    now: datetime
    previous_at: datetime | None = None

    @classmethod
    def by(cls, key: Key, *, now: datetime, previous_at: datetime | None = None) -> Reading:
        """A reading of single things, in which nothing is expected."""
        return cls(
            workspace=key.workspace,
            key=key,
            covers=frozenset({key.pk}),
            now=now,
            previous_at=previous_at,
        )

    @property
    def scope(self) -> str | None:
        """The `scope` parameter of the list routes that know one."""
        return "org" if self.key.sees_organisation else None

    def missable(self, rows: QuerySet[S], listing: Listing[Any]) -> QuerySet[S] | None:
        """Those of `rows` that are missing if `listing` does not name them. None when it held
        something that could not be understood: that may be any of them."""
        return None if listing.skipped else self.expected(rows)

    def expected(self, rows: QuerySet[S]) -> QuerySet[S]:
        """Those of `rows` that an answer to this key should name."""
        seen_by = Q(source_key__in=self.covers)
        if self.key.sees_organisation:
            seen_by |= Q(source_key=None)
        return rows.filter(seen_by, workspace=self.workspace)
