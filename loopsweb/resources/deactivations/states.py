"""The states of a deactivation: one table. Only `transitions` writes a state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from loopsweb.audit.models import Outcome
from loopsweb.ui.statuses import Status, Tone, Vocabulary


class State(StrEnum):
    WAITING = "waiting"
    SYNCING = "syncing"
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
    verb, result: of the sentence on its record (summary.py): {why}, {by}, {until}, {later}. The
    verb and the label stand on the bands of its status, too.
    follows: the states it may come from. outcome: of the audit event written with the transition.
    sent: the API may have been called. While it is open, `next_state` follows `max_duration` after
    it was due (sent: after it was sent) at the latest, for `timeout_reason`.
    """

    label: str
    tone: Tone
    meaning: str
    advice: str = ""
    message: str = ""
    verb: str = "asked to stop"
    result: str = ""
    follows: tuple[State, ...] = ()
    outcome: Outcome | None = None
    sent: bool = False
    max_duration: timedelta | None = None
    next_state: State | None = None
    timeout_reason: str = ""

    @property
    def label_within_sentence(self) -> str:
        return self.label[:1].lower() + self.label[1:]

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
        verb="asks to stop",
        result="waits for a second person until {until}, nothing has been sent",
        next_state=State.EXPIRED,  # at `expires_at`, by the team's policy
        timeout_reason="Nobody approved it in time.",
    ),
    State.SYNCING: StateSpec(
        label="Waiting for checkpoints",
        tone="busy",
        meaning="It waits until checkpoints have synced. Nothing has been sent to the API.",
        advice="Until then operators and admins can withdraw it.",
        message="Requested. Nothing is sent until the checkpoints have synced.",
        verb="asks to stop",
        result="waits until {until} for checkpoints to sync, nothing has been sent",
        follows=(State.WAITING,),
        outcome=Outcome.APPROVED,
        next_state=State.EXPIRED,  # at `sync_until`, which the person chose
        timeout_reason="The checkpoints had not synced in time.",
    ),
    State.DUE: StateSpec(
        label="About to be sent",
        tone="busy",
        meaning="It is about to be sent to the API.",
        advice="Until then operators and admins can withdraw it.",
        message="About to be sent. You can still withdraw it.",
        result="about to be sent",
        follows=(State.WAITING, State.SYNCING),
        outcome=Outcome.APPROVED,  # SYNCED after SYNCING
        max_duration=timedelta(minutes=10),
        next_state=State.EXPIRED,
        timeout_reason="It could not be sent in time.",
    ),
    State.REQUESTED: StateSpec(
        label="Sent, no answer yet",
        tone="busy",
        meaning="It is being sent. The API has not answered yet.",
        result="being sent, no answer of the API yet",
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
        result="accepted by the API, not seen stopped yet",
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
        result="the API's answer was lost, so it is not known yet whether it stops",
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
        verb="tried to stop",
        result="it did not take effect: {why}",
        follows=(State.REQUESTED, State.UNKNOWN, State.SUCCEEDED),
        outcome=Outcome.REFUSED,
        sent=True,
    ),
    State.CONFIRMED: StateSpec(
        label="Confirmed stopped",
        tone="good",
        meaning="The API shows it as stopped.",
        verb="stopped",
        result="confirmed {later} after it was sent",
        follows=(State.SUCCEEDED, State.UNKNOWN, State.REFUSED),
        outcome=Outcome.CONFIRMED,
        sent=True,
    ),
    State.ENDED: StateSpec(
        label="Ended without being stopped",
        tone="ended",
        meaning="It ended, but not by being stopped.",
        result="it ended without being stopped: {why}",
        follows=(State.SUCCEEDED, State.UNKNOWN),
        outcome=Outcome.OBSERVED,
        sent=True,
    ),
    State.LOST: StateSpec(
        label="No longer known",
        tone="unknown",
        meaning="For a day the API did not know it or could not be asked. It may have stopped.",
        advice="Check your Baseten billing.",
        result="what became of it is not known: {why}",
        follows=(State.SUCCEEDED, State.UNKNOWN),
        outcome=Outcome.UNKNOWN,
        sent=True,
    ),
    State.DECLINED: StateSpec(
        label="Declined",
        tone="idle",
        meaning="A second person declined it. Nothing was sent.",
        result="declined by {by}, nothing was sent: {why}",
        follows=(State.WAITING,),
        outcome=Outcome.DECLINED,
    ),
    State.WITHDRAWN: StateSpec(
        label="Withdrawn",
        tone="idle",
        meaning="It was withdrawn before it was sent.",
        result="withdrawn by {by}, nothing was sent: {why}",
        follows=(State.WAITING, State.SYNCING, State.DUE),
        outcome=Outcome.WITHDRAWN,
    ),
    State.EXPIRED: StateSpec(
        label="Expired",
        tone="idle",
        meaning="It was not approved, synced or sent in time.",
        result="expired, nothing was sent: {why}",
        follows=(State.WAITING, State.SYNCING, State.DUE),
        outcome=Outcome.EXPIRED,
    ),
}
LOST_AFTER = timedelta(days=1)  # since it was sent, while the API does not say what became of it
EVER_SENT = tuple(state for state, spec in STATES.items() if spec.sent)
NOT_SENT = tuple(state for state, spec in STATES.items() if spec.open and not spec.sent)
SENT = tuple(state for state, spec in STATES.items() if spec.open and spec.sent)
OPEN = (*NOT_SENT, *SENT)
VOCABULARY_ENTRIES = [
    Status(state, spec.tone, spec.meaning, spec.advice, terminal=not spec.open, label=spec.label)
    for state, spec in STATES.items()
]
DEACTIVATION = Vocabulary("deactivations", *VOCABULARY_ENTRIES)
