"""Cancelling a request that was not sent, also one that the audit trail does not have."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from loopsweb.audit.models import Event, Outcome
from loopsweb.audit.record import record_event, system_actor
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State

log = logging.getLogger(__name__)

DAMAGES = (Event.DoesNotExist, Event.MultipleObjectsReturned, IntegrityError)  # of a trail
NOT_IN_TRAIL = "This request is in the database but not in the audit trail. Nothing was sent."


def cancel_request(deactivation: Deactivation, state: State, *, why: str, now: datetime) -> None:
    """Cancelled by the system: it is not sent. Does nothing if somebody moved it meanwhile."""
    expected = State(deactivation.state)
    system, answer = system_actor(deactivation.workspace.slug), {"error": why}
    if find_events(deactivation).filter(outcome=Outcome.REQUESTED).exists():
        deactivation.move_to(state, answer=answer, by=system, now=now, expected=expected)
        return
    with transaction.atomic():  # the row was not written by loopsweb
        answer = {"error": NOT_IN_TRAIL}
        if deactivation.move_to(
            State.EXPIRED, answer=answer, now=now, expected=expected, has_trail=False
        ):
            log.critical("%s is not in the audit trail", deactivation)
            record_event(
                **system,
                **deactivation.audit_target,
                action=f"{deactivation.noun}.deactivate",
                outcome=Outcome.REFUSED,
                answer=answer,
                now=now,
            )


def find_events(deactivation: Deactivation) -> QuerySet[Event]:
    return Event.objects.filter(
        workspace=deactivation.workspace.slug,
        incident=deactivation.incident,
        target_noun=deactivation.noun,
        target_id=deactivation.target_remote_id,
    )
