"""What is sent to the API: on record first, once, and only what was agreed to."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from loopsweb.audit.models import Event, Outcome
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from tests.simulation.history import History


class SentWrongly(AssertionError):
    """The API was called, and should not have been."""


@dataclass
class Sent:
    """is_accepted: by the API, whether or not its answer arrived."""

    target: str
    is_accepted: bool = False


class Sending:
    """sent: {primary key of a request: its call}."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.sent: dict[int, Sent] = {}

    def check_call(self, target: str) -> None:
        """The call that is about to reach the API is that of a request that is on record."""
        if connection.in_atomic_block:
            raise SentWrongly(f"{target}: what is recorded of it is not committed")
        found = Deactivation.objects.filter(target_remote_id=target, state=State.REQUESTED)
        if (request := found.first()) is None:
            raise SentWrongly(f"{target}: no request of it is marked as sent")
        if request.pk in self.sent:
            raise SentWrongly(f"{target}: it was sent before")
        self.check_trail(request)
        for awaited in request.awaited:
            if "COMPLETE" not in self.history.ever(("checkpoint", awaited["id"])):
                raise SentWrongly(f"{target}: its checkpoint {awaited['name']} never synced")
        self.sent[request.pk] = Sent(target)

    def check_trail(self, request: Deactivation) -> None:
        events = Event.objects.filter(incident=request.incident)
        requested = events.filter(outcome=Outcome.REQUESTED).first()
        if requested is None:
            raise SentWrongly(f"{request}: it is not in the audit trail")
        if (requested.answer or {}).get("waits_for"):
            approved = events.filter(outcome=Outcome.APPROVED).exclude(person=requested.person)
            if not approved.exists():
                raise SentWrongly(f"{request}: nobody else approved it")

    def note_answer(self, target: str, status: int) -> None:
        if status == 200:
            latest = [each for each in self.sent.values() if each.target == target][-1]
            latest.is_accepted = True
