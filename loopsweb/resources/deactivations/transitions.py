"""The state of a request, and the only code that writes it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models, transaction

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_follow_up
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.states import STATES, State, StateSpec
from loopsweb.resources.snapshot.store import lock_workspace, touch_version


class IllegalTransition(Exception):
    """The table has no such transition."""


class StatefulRequest(models.Model):
    """The state of a request; only `move_to` writes it. ask_at: when the worker looks again."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    incident = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(
        max_length=10, choices=[(state.value, spec.label) for state, spec in STATES.items()]
    )
    state_since = models.DateTimeField()
    ask_at = models.DateTimeField()
    answer = models.JSONField(null=True)

    class Meta:
        abstract = True

    @property
    def spec(self) -> StateSpec:
        return STATES[State(self.state)]

    @transaction.atomic
    def move_to(
        self,
        state: State,
        *,
        now: datetime,
        answer: dict[str, Any] | None = None,
        by: Actor | None = None,
        note: str = "",
        key: Key | None = None,
        expected: State | None = None,
        outcome: Outcome | None = None,
        has_trail: bool = True,
        **fields: Any,
    ) -> bool:
        """Write `state` with its audit event; False when another process moved the request first.

        by, note: who takes the step and why, if not the requester. key: that the API was called
        with. expected: only from this state. outcome: of the event, if not that of the table.
        Raises IllegalTransition.
        """
        spec, rows = STATES[state], type(self)._default_manager.filter(pk=self.pk)
        if self.state not in spec.follows:
            raise IllegalTransition(f"A deactivation that is {self.state} cannot become {state}.")
        lock_workspace(self.workspace)
        fields = {"ask_at": now, "answer": answer, "state": state, "state_since": now} | fields
        if not rows.filter(state__in=[expected] if expected else spec.follows).update(**fields):
            return False
        self.refresh_from_db()
        touch_version(self.workspace)
        outcome = outcome or spec.outcome
        if outcome and has_trail:
            record_follow_up(
                self.incident,
                outcome=outcome,
                answer=answer or None,
                now=now,
                by=by,
                reason=note,
                key=(key.name, key.fingerprint) if key else None,
            )
        return True
