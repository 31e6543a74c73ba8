"""Erase a person from the trail: the chain holds salted hashes, so it still verifies."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction

from loopsweb.audit.models import Event, Outcome
from loopsweb.audit.record import record
from loopsweb.audit.verify import ERASURE


@transaction.atomic
def erase(person: str, *, by: str, reason: str, now: datetime) -> int:
    """Empty every field that holds `person`, an email, and the address and reason of what they
    did. Recorded in each workspace concerned, without naming them. The number of events touched."""
    theirs = Event.objects.filter(person=person)
    owned = Event.objects.filter(target_owner=person)
    touched = (theirs | owned).order_by()
    count = touched.count()
    values: Counter[str] = Counter()
    for events, names in ((theirs, ("person", "address", "reason")), (owned, ("target_owner",))):
        for name in names:
            kept = events.exclude(**{f"{name}_salt": ""})
            values.update(kept.order_by().values_list("workspace", flat=True))
    owned.update(target_owner="", target_owner_salt="")
    theirs.update(person="", person_salt="", address="", address_salt="", reason="", reason_salt="")
    for workspace in sorted(values):
        record(
            workspace=workspace,
            action=ERASURE,
            outcome=Outcome.SUCCEEDED,
            person=by,
            reason=reason,
            answer={"values": values[workspace]},
            now=now,
        )
    return count
