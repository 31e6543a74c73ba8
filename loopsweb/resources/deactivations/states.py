"""The states of a deactivation: one table, and the only code that writes a state."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import models, transaction

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_follow_up
from loopsweb.keys.models import Key
from loopsweb.resources.snapshot.store import lock_workspace, touch_version
from loopsweb.ui.statuses import Status, Tone, Vocabulary


class State(StrEnum):
    WAITING = "waiting"
    DUE = "due"
    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    ENDED = "ended"
    LOST = "lost"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class StateSpec:
    """label: its name on pages. meaning, advice: what it says and what to do about it.
    message: what a person reads who just brought it about; else the meaning.
    follows: the states it may come from. outcome: of the audit event written with the transition.
    sent: the API may have been called. While it is open, `next_state` follows `max_duration` after
    it was due (sent: after it was sent) at the latest, for `timeout_reason`.
    """

    label: str
    tone: Tone
    meaning: str
    advice: str = ""
    message: str = ""
    follows: tuple[State, ...] = ()
    outcome: Outcome | None = None
    sent: bool = False
    max_duration: timedelta | None = None
    next_state: State | None = None
    timeout_reason: str = ""

    @property
    def open(self) -> bool:
        return self.next_state is not None


STILL_RUNNING = "The API still reports {status}, so the request seems to have had no effect."
STATES: dict[State, StateSpec] = {
    State.WAITING: StateSpec(
        label="Waiting for approval",
        tone="busy",
        meaning="A second person has to approve it. Nothing has been sent to the API.",
        advice="Anyone else who may deactivate can approve or decline it.",
        message="Requested. Nothing is sent until a second person approves.",
        next_state=State.EXPIRED,  # at `expires_at`, by the team's policy
        timeout_reason="Nobody approved it in time.",
    ),
    State.DUE: StateSpec(
        label="About to be sent",
        tone="busy",
        meaning="It is about to be sent to the API.",
        advice="Until then operators and admins can withdraw it.",
        message="About to be sent. You can still withdraw it.",
        follows=(State.WAITING,),
        outcome=Outcome.APPROVED,
        max_duration=timedelta(minutes=10),
        next_state=State.EXPIRED,
        timeout_reason="It could not be sent in time.",
    ),
    State.REQUESTED: StateSpec(
        label="Sent, no answer yet",
        tone="busy",
        meaning="It is being sent. The API has not answered yet.",
        follows=(State.DUE,),
        sent=True,
        max_duration=timedelta(seconds=60),
        next_state=State.UNKNOWN,
        timeout_reason="loopsweb stopped before the API answered.",
    ),
    State.SUCCEEDED: StateSpec(
        label="Accepted by the API",
        tone="good",
        meaning="The API accepted it.",
        advice="It should stop within two minutes.",
        message="The API accepted the deactivation.",
        follows=(State.REQUESTED, State.UNKNOWN),
        outcome=Outcome.SUCCEEDED,
        sent=True,
        max_duration=timedelta(minutes=15),
        next_state=State.REFUSED,
        timeout_reason=STILL_RUNNING,
    ),
    State.UNKNOWN: StateSpec(
        label="Outcome unknown",
        tone="warn",
        meaning="The request may have taken effect. The API's answer was lost.",
        advice="loopsweb keeps asking until it knows.",
        message="It is not known yet whether it was deactivated. loopsweb is asking the API.",
        follows=(State.REQUESTED,),
        outcome=Outcome.UNKNOWN,
        sent=True,
        max_duration=timedelta(minutes=2),
        next_state=State.REFUSED,
        timeout_reason=STILL_RUNNING,
    ),
    State.REFUSED: StateSpec(
        label="Not deactivated",
        tone="bad",
        meaning="The API refused it, could not be reached, or accepted it without any effect.",
        advice="You can request it again.",
        message="Not deactivated.",
        follows=(State.REQUESTED, State.UNKNOWN, State.SUCCEEDED),
        outcome=Outcome.REFUSED,
        sent=True,
    ),
    State.CONFIRMED: StateSpec(
        label="Confirmed stopped",
        tone="good",
        meaning="The API shows it as stopped.",
        follows=(State.SUCCEEDED, State.UNKNOWN, State.REFUSED),
        outcome=Outcome.CONFIRMED,
        sent=True,
    ),
    State.ENDED: StateSpec(
        label="Ended without being stopped",
        tone="ended",
        meaning="It ended, but not by being stopped.",
        follows=(State.SUCCEEDED, State.UNKNOWN),
        outcome=Outcome.OBSERVED,
        sent=True,
    ),
    State.LOST: StateSpec(
        label="No longer known",
        tone="unknown",
        meaning="For a day the API did not know it or could not be asked. It may have stopped.",
        advice="Check your Baseten billing.",
        follows=(State.SUCCEEDED, State.UNKNOWN),
        outcome=Outcome.UNKNOWN,
        sent=True,
    ),
    State.DECLINED: StateSpec(
        label="Declined",
        tone="idle",
        meaning="A second person declined it. Nothing was sent.",
        follows=(State.WAITING,),
        outcome=Outcome.DECLINED,
    ),
    State.WITHDRAWN: StateSpec(
        label="Withdrawn",
        tone="idle",
        meaning="It was withdrawn before it was sent.",
        follows=(State.WAITING, State.DUE),
        outcome=Outcome.WITHDRAWN,
    ),
    State.EXPIRED: StateSpec(
        label="Expired",
        tone="idle",
        meaning="It was not approved or sent in time.",
        follows=(State.WAITING, State.DUE),
        outcome=Outcome.EXPIRED,
    ),
}
LOST_AFTER = timedelta(days=1)  # since it was sent, while the API does not say what became of it
NOT_SENT = tuple(state for state, spec in STATES.items() if spec.open and not spec.sent)
SENT = tuple(state for state, spec in STATES.items() if spec.open and spec.sent)
OPEN = (*NOT_SENT, *SENT)
VOCABULARY_ENTRIES = [
    Status(state, spec.tone, spec.meaning, spec.advice, terminal=not spec.open, label=spec.label)
    for state, spec in STATES.items()
]
DEACTIVATION = Vocabulary("deactivations", *VOCABULARY_ENTRIES)


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
        has_trail: bool = True,
        **fields: Any,
    ) -> bool:
        """Write `state` with its audit event; False when another process moved the request first.

        by, note: who takes the step and why, if not the requester. key: that the API was called
        with. expected: only from this state. Raises IllegalTransition.
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
        if spec.outcome and has_trail:
            record_follow_up(
                self.incident,
                outcome=spec.outcome,
                answer=answer or None,
                now=now,
                by=by,
                reason=note,
                key=(key.name, key.fingerprint) if key else None,
            )
        return True
