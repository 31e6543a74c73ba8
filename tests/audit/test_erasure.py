"""Erasing a person from the audit trail."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, strategies

from loopsweb.audit import erasure  # fmt: skip
from loopsweb.audit.chain import (
    erased_ranges,
    export,
    stored,
)
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from tests.audit.problems import get_problem


def test_the_chain_still_verifies_after_erasing_a_person(
    events: list[Event], now: datetime
) -> None:
    count = erasure.erase_person("p1@example.com", by="alice@example.com", reason="asked", now=now)

    assert count == 3
    erasure_event = Event.objects.get(action="audit.erase")
    assert erasure_event.answer == {"erased": {"reason": ["2"], "address": ["2"], "person": ["2"]}}
    erased = Event.objects.get(sequence=2)
    assert (erased.person, erased.reason, erased.target_owner) == ("", "", "owner@example.com")
    verified = stored.verify_stored_chain("acme")
    assert (verified.sequence, verified.erased) == (6, 3)
    assert b"p1@example.com" not in b"".join(export.export_chain("acme", now=now))


@pytest.mark.usefixtures("without_triggers")
def test_restoring_an_erased_value_is_detected(events: list[Event], now: datetime) -> None:
    kept = Event.objects.values("person", "person_salt").get(sequence=2)
    erasure.erase_person("p1@example.com", by="alice@example.com", reason="asked", now=now)
    Event.objects.filter(sequence=2).update(**kept)
    Event.objects.filter(sequence=3).update(person="", person_salt="")
    found = get_problem(lambda: stored.verify_stored_chain("acme"))
    assert found == "#3: 1 personal value missing without a recorded erasure"
    Event.objects.filter(sequence=3).update(
        person=events[2].person, person_salt=events[2].person_salt
    )
    found = get_problem(lambda: stored.verify_stored_chain("acme"))
    assert found == "#2: an erased personal value was restored"


@pytest.mark.parametrize("given", ["", "a", "example.com", "@example.com", "p1@example", "p1 "])
def test_only_a_full_email_address_can_be_erased(
    events: list[Event], now: datetime, given: str
) -> None:
    with pytest.raises(CommandError, match="is not an email address"):
        call_command("audit", "erase", "--person", given, "--by", "a@b.org", "--reason", "x")
    assert Event.objects.filter(reason="").count() == 0


def test_reasons_that_name_another_person_are_kept(events: list[Event], now: datetime) -> None:
    for reason in ("not bob1@example.com", "for p1@example.com.", "p1@example.community"):
        record_event(workspace="acme", action="a.b", outcome="succeeded", reason=reason, now=now)
    erasure.erase_person("p1@example.com", by="alice@example.com", reason="asked", now=now)
    reasons = Event.objects.filter(action="a.b").order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["not bob1@example.com", "", "p1@example.community"]


@given(strategies.sets(strategies.integers(1, 400)))
def test_erased_ranges_can_be_decoded(numbers: set[int]) -> None:
    answer = {"erased": erased_ranges.encode_erased_ranges({"person": numbers})}
    assert erased_ranges.decode_erased_ranges(answer) == {("person", number) for number in numbers}
