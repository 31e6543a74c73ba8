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
class Rule:
    """label: its name on pages. meaning, advice: what it says and what to do about it.
    message: what a person reads who just brought it about; else the meaning.
    follows: the states it may come from. outcome: of the audit event written with the transition.
    sent: the API may have been called. While it is open, `then` follows after `lasts` at the
    latest, for the reason `timeout`.
    """

    label: str
    tone: Tone
    meaning: str
    advice: str = ""
    message: str = ""
    follows: tuple[State, ...] = ()
    outcome: Outcome | None = None
    sent: bool = False
    lasts: timedelta | None = None
    then: State | None = None
    timeout: str = ""

    @property
    def open(self) -> bool:
        return self.then is not None


STILL_RUNNING = "The API still reports {status}, so the request seems to have had no effect."
RULES: dict[State, Rule] = {
    State.WAITING: Rule(
        label="Waiting for approval",
        tone="busy",
        meaning="A second person has to approve it. Nothing has been sent to the API.",
        advice="Anyone else who may deactivate can approve or decline it.",
        message="Requested. Nothing is sent until a second person approves.",
        then=State.EXPIRED,  # at `expires_at`, by the team's policy
        timeout="Nobody approved it in time.",
    ),
    State.DUE: Rule(
        label="About to be sent",
        tone="busy",
        meaning="It is about to be sent to the API.",
        advice="Until then anyone here can undo it.",
        message="About to be sent. You can still undo it.",
        follows=(State.WAITING,),
        outcome=Outcome.APPROVED,
        lasts=timedelta(minutes=10),
        then=State.EXPIRED,
        timeout="It could not be sent when it was due. It is too old to be sent now.",
    ),
    State.REQUESTED: Rule(
        label="Sent, no answer yet",
        tone="busy",
        meaning="It is being sent. The API has not answered yet.",
        follows=(State.DUE,),
        sent=True,
        lasts=timedelta(seconds=60),
        then=State.UNKNOWN,
        timeout="The process that made the request ended before the answer came.",
    ),
    State.SUCCEEDED: Rule(
        label="Accepted by the API",
        tone="good",
        meaning="The API accepted it.",
        advice="It ends within a minute or two. If it still runs after 15 minutes, we say so.",
        message="The API accepted the deactivation.",
        follows=(State.REQUESTED, State.UNKNOWN),
        outcome=Outcome.SUCCEEDED,
        sent=True,
        lasts=timedelta(minutes=15),
        then=State.REFUSED,
        timeout=STILL_RUNNING,
    ),
    State.UNKNOWN: Rule(
        label="Outcome unknown",
        tone="warn",
        meaning="The API may have acted: its answer was lost.",
        advice="loopsweb keeps asking until it knows.",
        message="Whether it was deactivated is not known yet. The API is being asked.",
        follows=(State.REQUESTED,),
        outcome=Outcome.UNKNOWN,
        sent=True,
        lasts=timedelta(minutes=2),
        then=State.REFUSED,
        timeout=STILL_RUNNING,
    ),
    State.REFUSED: Rule(
        label="Refused by the API",
        tone="bad",
        meaning="The API refused it, could not be reached, or accepted it without any effect.",
        advice="You can request it again.",
        message="Not deactivated.",
        follows=(State.REQUESTED, State.UNKNOWN, State.SUCCEEDED),
        outcome=Outcome.REFUSED,
        sent=True,
    ),
    State.CONFIRMED: Rule(
        label="Confirmed stopped",
        tone="good",
        meaning="The API shows it as stopped.",
        follows=(State.SUCCEEDED, State.UNKNOWN, State.REFUSED),
        outcome=Outcome.CONFIRMED,
        sent=True,
    ),
    State.ENDED: Rule(
        label="Ended without being stopped",
        tone="ended",
        meaning="It ended, but not by being stopped.",
        follows=(State.SUCCEEDED, State.UNKNOWN),
        outcome=Outcome.OBSERVED,
        sent=True,
    ),
    State.LOST: Rule(
        label="No longer known to the API",
        tone="unknown",
        meaning="The API no longer knows it. Whether it stopped is not known.",
        advice="Check what you are billed.",
        follows=(State.SUCCEEDED, State.UNKNOWN),
        outcome=Outcome.UNKNOWN,
        sent=True,
    ),
    State.DECLINED: Rule(
        label="Declined",
        tone="idle",
        meaning="A second person declined it. Nothing was sent.",
        follows=(State.WAITING,),
        outcome=Outcome.DECLINED,
    ),
    State.WITHDRAWN: Rule(
        label="Withdrawn",
        tone="idle",
        meaning="It was withdrawn before it was sent.",
        follows=(State.WAITING, State.DUE),
        outcome=Outcome.WITHDRAWN,
    ),
    State.EXPIRED: Rule(
        label="Expired",
        tone="idle",
        meaning="Nobody decided in time, or it could not be sent in time.",
        follows=(State.WAITING, State.DUE),
        outcome=Outcome.EXPIRED,
    ),
}
LOST_AFTER = timedelta(days=1)  # since it was sent, while the API does not know it
NOT_SENT = tuple(state for state, rule in RULES.items() if rule.open and not rule.sent)
SENT = tuple(state for state, rule in RULES.items() if rule.open and rule.sent)
OPEN = (*NOT_SENT, *SENT)
STATUSES = [
    Status(state, rule.tone, rule.meaning, rule.advice, terminal=not rule.open)
    for state, rule in RULES.items()
]
DEACTIVATION = Vocabulary("deactivations", *STATUSES)


class IllegalTransition(Exception):
    """The table has no such transition."""


class StatefulRequest(models.Model):
    """What transitions write. ask_at: when the worker looks at the request again."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    incident = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(
        max_length=10, choices=[(state.value, rule.label) for state, rule in RULES.items()]
    )
    state_since = models.DateTimeField()
    ask_at = models.DateTimeField()
    answer = models.JSONField(null=True)

    class Meta:
        abstract = True

    @property
    def rule(self) -> Rule:
        return RULES[State(self.state)]

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
        has_trail: bool = True,
        **fields: Any,
    ) -> bool:
        """Write `state` with its audit event; False when another process moved the request first.

        by, note: who takes the step and why, when it is not the requester. key: with which the API
        was called. Raises IllegalTransition.
        """
        rule = RULES[state]
        if self.state not in rule.follows:
            raise IllegalTransition(f"A deactivation that is {self.state} cannot become {state}.")
        lock_workspace(self.workspace)
        rows = type(self)._default_manager.filter(pk=self.pk, state__in=rule.follows)
        fields = {"ask_at": now, "answer": answer} | fields
        if not rows.update(**fields, state=state, state_since=now):
            return False
        self.refresh_from_db()
        touch_version(self.workspace)
        if rule.outcome and has_trail:
            record_follow_up(
                self.incident,
                outcome=rule.outcome,
                answer=answer or None,
                now=now,
                by=by,
                reason=note,
                key=(key.name, key.fingerprint) if key else None,
            )
        return True
