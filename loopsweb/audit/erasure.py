"""Erases a person from the trail. The chain contains only salted hashes, so it stays valid."""

from __future__ import annotations

import re
from datetime import datetime
from functools import reduce
from operator import or_
from urllib.parse import quote_plus

from django.db import connection, transaction
from django.db.models import Q
from django.dispatch import Signal

from loopsweb.audit.chain.anonymize import EMAIL
from loopsweb.audit.chain.erased_ranges import ERASURE, encode_erased_ranges
from loopsweb.audit.models import Chain, Event, Outcome
from loopsweb.audit.record import EventFields, record_event
from loopsweb.audit.search import store_search_text

person_erased = Signal()  # person: the email; receivers remove it from their own tables


class NotAnEmail(Exception):
    def __init__(self, given: str) -> None:
        super().__init__(f"{given!r} is not an email address. Enter the full address.")


@transaction.atomic
def erase_person(person: str, *, by: str, reason: str, now: datetime) -> int:
    """Empty every field that contains `person`, an email. Return the number of emptied values.

    Their own events also lose address and reason; other people's events lose a reason that names
    them. Each workspace concerned records the erasure without naming them. Raises NotAnEmail.
    """
    if not EMAIL.fullmatch(person):
        raise NotAnEmail(person)
    conditions = fields_to_empty(person)
    events = Event.objects.filter(reduce(or_, conditions.values())).order_by()
    count = 0
    for workspace in sorted(set(events.values_list("workspace", flat=True))):
        Chain.objects.select_for_update().get(workspace=workspace)  # blocks new events
        emptied = {name: empty_field(workspace, name, conditions[name]) for name in conditions}
        count += sum(map(len, emptied.values()))
        numbers = set[int]().union(*emptied.values())
        with connection.cursor() as cursor:
            emptied_events = Event.objects.filter(workspace=workspace, sequence__in=numbers)
            store_search_text(cursor, emptied_events)
        ranges = encode_erased_ranges({name: where for name, where in emptied.items() if where})
        event: EventFields = {"person": by, "reason": reason, "answer": {"erased": ranges}}
        outcome = Outcome.SUCCEEDED
        record_event(workspace=workspace, action=ERASURE, outcome=outcome, now=now, **event)
    person_erased.send(erase_person, person=person)
    return count


def fields_to_empty(person: str) -> dict[str, Q]:
    """{field: the events in which to empty it}. `person` comes last: the others are found by it."""
    own = Q(person__iexact=person)
    return {
        "reason": own | match_mention("reason", person),
        "address": own,
        "target_owner": Q(target_owner__iexact=person),
        "person": own,
    }


def match_mention(field: str, person: str) -> Q:
    """Free text that contains the email `person`, and not only as part of a longer one. Filters of
    an exported list have it as URLs write it, where + is a space."""
    after = r"($|_|[^\w.-]|[.-]($|_|\W))"
    typed = re.escape(person).replace("@", "[@\uff20]")
    typed = rf"((^|[^\w.+-])[._+-]*|\.\.|--){typed}{after}"
    in_url = rf"((^|[^\w.-])[._-]*|%(?!2b)[0-9a-f]{{2}}){re.escape(quote_plus(person))}{after}"
    return Q(**{f"{field}__iregex": typed}) | Q(**{f"{field}__iregex": in_url})


def empty_field(workspace: str, name: str, condition: Q) -> list[int]:
    """Empty one field and its salt. Return the sequence numbers of the changed events."""
    events = Event.objects.filter(condition, workspace=workspace).exclude(**{f"{name}_salt": ""})
    numbers = list(events.order_by("sequence").values_list("sequence", flat=True))
    events.update(**{name: "", f"{name}_salt": ""})
    return numbers
