"""The state of polling with one key: when next, until when it is leased, its feeds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from loopsweb.accounts.models import Workspace
from loopsweb.addresses import normalize_url
from loopsweb.keys.models import Key
from loopsweb.prepared_queries import Columns, Parameter, PlannedQuery, build_rows

SIBLING = Columns(Key, "id workspace_id api_url api_workspace_name")
FAILING_AFTER = 3  # polls in a row; then another key that sees as much is preferred


class PollState(models.Model):
    """`feeds` is {name: its fields, see feeds.py}. A feed is one query of the API; those for
    checkpoints have rows of their own and are summarized here. `refused_since`: the first of the
    refusals in a row that are not yet, or no longer, contradicted by an answer.
    `checkpoint_plan`: see standing_plan.py; its queries were all answered without news at
    `checkpoints_confirmed_at`, or later as their own feeds say.
    `observed_since`: {feed: since when it is answered without a pause}, see observed_periods.py.
    `parked_until`: of a key that another one polls for, or whose owner has left; `wake` ends it.
    `due_at`: when a worker looks at it next, kept by the database."""

    key = models.OneToOneField(Key, on_delete=models.CASCADE, related_name="poll_state")
    next_poll_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    parked_until = models.DateTimeField(null=True, editable=False)
    due_at = models.GeneratedField(
        expression=Coalesce("leased_until", "parked_until", "next_poll_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
        db_index=True,
    )
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    refused_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Polls in a row that failed.")
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    feeds = models.JSONField(default=dict)
    checkpoint_plan = models.JSONField(default=dict, editable=False)
    checkpoints_confirmed_at = models.DateTimeField(null=True, editable=False)
    observed_since = models.JSONField(default=dict)

    is_plan_new = False  # not stored

    class Meta:
        verbose_name = "poll state"

    def __str__(self) -> str:
        return f"polling with {self.key}"

    @property
    def is_in_trouble(self) -> bool:
        return self.refused_since is not None or self.failures >= FAILING_AFTER


def wake(**where: Any) -> None:
    """Have a worker look at parked states: what decides which of them poll has changed."""
    PollState.objects.filter(parked_until__isnull=False, **where).update(parked_until=None)


def schedule_polls(workspace: Workspace, *, now: datetime) -> None:
    """Make every key of the workspace due, so that the effect of an action shows soon. A key whose
    last poll failed waits: the API may have said for how long."""
    waiting = PollState.objects.filter(key__workspace=workspace, next_poll_at__gt=now, failures=0)
    waiting.update(next_poll_at=now)


def group_by_organisation(states: Iterable[PollState]) -> list[list[PollState]]:
    """The states of each organisation, as far as the API named it: their keys see the same."""
    groups: dict[Any, list[PollState]] = {}
    for state in states:
        organisation = (state.key.workspace_id, name_organisation(state.key))
        groups.setdefault(organisation, []).append(state)
    return list(groups.values())


def name_organisation(key: Key) -> str:
    """The same for keys of one organisation, as far as the API named it."""
    return f"{normalize_url(key.api_url)} {key.api_workspace_name}"


def find_covered_keys(state: PollState) -> frozenset[int]:
    """The ids of the keys whose things an answer to this one should list: its own, and all of its
    organisation if it sees that."""
    key = state.key
    if not key.sees_organisation:
        return frozenset({key.pk})
    every = (
        next(build_rows(row, SIBLING)) for row in select_siblings.fetch(workspace=key.workspace_id)
    )
    organisation = name_organisation(key)
    return frozenset(one.pk for one in every if name_organisation(one) == organisation)


@PlannedQuery
def select_siblings() -> QuerySet[Key, tuple[Any, ...]]:
    polled = Key.objects.filter(workspace_id=Parameter("workspace"), poll_state__isnull=False)
    return polled.order_by("pk").values_list(*SIBLING.paths)


def select_polling(states: list[PollState]) -> list[PollState]:
    """Choose which of one organisation's keys poll.

    A healthy key that sees the whole organisation polls for all; without one every healthy key
    polls what it sees. Returns all states where no key is healthy."""
    in_turn = sorted(states, key=lambda state: (state.is_in_trouble, state.key_id))
    healthy = [state for state in in_turn if state.key.is_healthy]
    whole = [state for state in healthy if state.key.sees_organisation]
    return whole[:1] or healthy or in_turn
