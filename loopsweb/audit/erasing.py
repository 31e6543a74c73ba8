"""Erase a person from the trail: the chain holds salted hashes, so it still verifies."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from loopsweb.audit.models import Event, Outcome
from loopsweb.audit.record import record
from loopsweb.audit.verify import ERASURE

erased = Signal()  # person: the email; whoever keeps it beside the trail forgets it as well


@transaction.atomic
def erase(person: str, *, by: str, reason: str, now: datetime) -> int:
    """Empty every field that holds `person`, an email: what they did loses its address and reason
    too, and what others wrote of them its reason. So does whoever hears `erased`.

    Recorded in each workspace concerned, without naming them. The number of events touched.
    """
    by_them, theirs = Q(person__iexact=person), Q(target_owner__iexact=person)
    conditions = {  # the person last: the others are found by it
        "reason": by_them | Q(reason__icontains=person),
        "address": by_them,
        "target_owner": theirs,
        "person": by_them,
    }
    touched = Event.objects.filter(conditions["reason"] | theirs).count()
    values: Counter[str] = Counter()
    for name, condition in conditions.items():
        kept = Event.objects.filter(condition).exclude(**{f"{name}_salt": ""})
        values.update(kept.order_by().values_list("workspace", flat=True))
        kept.update(**{name: "", f"{name}_salt": ""})
    erased.send(erase, person=person)
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
    return touched
