"""Erase a person from the trail: the chain holds salted hashes, so it still verifies."""

from __future__ import annotations

import re
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from loopsweb.audit.chain.anonymize import EMAIL
from loopsweb.audit.chain.erased_ranges import ERASURE, told
from loopsweb.audit.models import Chain, Event, Outcome
from loopsweb.audit.record import record

erased = Signal()  # person: the email; whoever keeps it beside the trail forgets it as well


class NotAnEmail(Exception):
    def __init__(self, given: str) -> None:
        super().__init__(f"{given!r} is no email. Give the whole one: parts of it are others' too.")


@transaction.atomic
def erase(person: str, *, by: str, reason: str, now: datetime) -> int:
    """Empty every field that holds `person`, an email: what they did loses its address and reason
    too, and what others wrote of them its reason. So does whoever hears `erased`.

    Recorded in each workspace concerned, without naming them. The number of values emptied. Raises
    NotAnEmail.
    """
    if not EMAIL.fullmatch(person):
        raise NotAnEmail(person)
    concerned = Event.objects.filter(any_of(person)).order_by().values_list("workspace", flat=True)
    count = 0
    for workspace in sorted(set(concerned)):
        Chain.objects.select_for_update().get(workspace=workspace)  # nobody adds meanwhile
        places = {name: empty(workspace, name, holds) for name, holds in holding(person).items()}
        count += sum(map(len, places.values()))
        record(
            workspace=workspace,
            action=ERASURE,
            outcome=Outcome.SUCCEEDED,
            person=by,
            reason=reason,
            answer={"erased": told({name: where for name, where in places.items() if where})},
            now=now,
        )
    erased.send(erase, person=person)
    return count


def holding(person: str) -> dict[str, Q]:
    """{field: the events in which it is emptied}; the person last, by whom the others are found."""
    by_them = Q(person__iexact=person)
    named = rf"(^|[^\w.+-]){re.escape(person)}($|[^\w-])"
    return {
        "reason": by_them | Q(reason__iregex=named),
        "address": by_them,
        "target_owner": Q(target_owner__iexact=person),
        "person": by_them,
    }


def any_of(person: str) -> Q:
    return reduce(or_, holding(person).values())


def empty(workspace: str, name: str, holds: Q) -> list[int]:
    """The numbers of the events whose field was emptied."""
    kept = Event.objects.filter(holds, workspace=workspace).exclude(**{f"{name}_salt": ""})
    numbers = list(kept.order_by("sequence").values_list("sequence", flat=True))
    kept.update(**{name: "", f"{name}_salt": ""})
    return numbers
