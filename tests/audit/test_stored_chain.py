"""Verifying the chain in the database: every change is detected."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from loopsweb.audit import tasks  # fmt: skip
from loopsweb.audit.chain import (
    stored,
)
from loopsweb.audit.chain.format import hash_link
from loopsweb.audit.models import Chain, Event
from loopsweb.audit.record import record_event
from tests.audit.problems import get_problem

WRITERS = int(os.environ.get("TEST_WRITERS", "8"))
EACH = int(os.environ.get("TEST_EVENTS_EACH", "25"))


def test_each_workspace_has_one_gapless_chain(events: list[Event], now: datetime) -> None:
    record_event(workspace="other", action="key.add", outcome="succeeded", now=now)
    rows = Event.objects.filter(workspace="acme").order_by("pk")
    assert list(rows.values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]
    digests = list(rows.values_list("digest", flat=True))
    assert list(rows.values_list("previous", flat=True)) == ["0" * 64, *digests[:-1]]
    verified = stored.verify_stored_chain("acme")
    assert (verified.sequence, verified.digest, verified.erased) == (5, digests[-1], 0)


def test_event_bodies_survive_a_round_trip_through_the_database(events: list[Event]) -> None:
    for event in events:
        assert Event.objects.get(pk=event.pk).body() == event.body()


@pytest.mark.usefixtures("without_triggers")
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_event SET role = 'admin' WHERE sequence = 3", "#3: a field was changed"),
        ("UPDATE audit_event SET person = 'x' WHERE sequence = 2", "#2: the field person was"),
        ("UPDATE audit_event SET reason_salt = '' WHERE sequence = 2", "#2: the field reason was"),
        ("DELETE FROM audit_event WHERE sequence = 4", "#4: missing: found #5 in its place"),
        ("DELETE FROM audit_event WHERE sequence = 5", "#5: missing"),
        ("UPDATE audit_event SET sequence = 9 WHERE sequence = 5", "#5: missing"),
        (
            "UPDATE audit_event SET workspace = 'x' WHERE sequence = 1",
            "#1: missing: found #2 in its place",
        ),
        ("UPDATE audit_chain SET sequence = 4", "#4: a field was changed"),
        ("UPDATE audit_event SET digest = previous WHERE sequence = 3", "#3: a field was changed"),
    ],
)
def test_changes_by_a_database_administrator_are_detected(
    events: list[Event], statement: str, found: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    if "audit_chain" in statement:
        found = "#5: missing: the chain head is #4"
        statement = ""
    assert get_problem(lambda: stored.verify_stored_chain("acme")).startswith(found)


@pytest.mark.usefixtures("without_triggers")
def test_moving_text_between_salt_and_value_is_detected(events: list[Event], now: datetime) -> None:
    event = record_event(
        workspace="acme", action="a.b", outcome="succeeded", reason="I must.\nIt was me.", now=now
    )
    salt = f"{event.reason_salt}\nI must."
    Event.objects.filter(pk=event.pk).update(reason_salt=salt[:32], reason="It was me.")
    assert (
        get_problem(lambda: stored.verify_stored_chain("acme"))
        == "#6: the field reason was changed"
    )


@pytest.mark.usefixtures("without_triggers")
def test_a_missing_chain_head_is_detected(events: list[Event]) -> None:
    Chain.objects.all().delete()
    assert (
        get_problem(lambda: stored.verify_stored_chain("acme"))
        == "#1: inserted: the chain head is missing"
    )
    with pytest.raises(CommandError, match="the chain head is missing"):
        call_command("audit", "verify")


def test_erasing_values_without_an_erasure_event_is_detected(events: list[Event]) -> None:
    Event.objects.filter(sequence=2).update(person="", person_salt="")
    found = get_problem(lambda: stored.verify_stored_chain("acme"))
    assert found == "#2: 1 personal value missing without a recorded erasure"


@pytest.mark.usefixtures("without_triggers")
@pytest.mark.parametrize(
    ("field", "value"), [("commitments", []), ("commitments", {}), ("answer", {"erased": 7})]
)
def test_an_unreadable_link_does_not_stop_other_verifications(
    events: list[Event], now: datetime, field: str, value: Any
) -> None:
    event = Event.objects.get(sequence=5)
    setattr(event, field, value)
    if field == "answer":
        event.action = "audit.erase"
    digest = hash_link(event.previous, event.body())
    fields = {field: value, "digest": digest, "action": event.action}
    Event.objects.filter(sequence=5).update(**fields)
    Chain.objects.update(digest=digest)
    record_event(workspace="other", action="a.b", outcome="succeeded", now=now)

    tasks.verify_chains()

    assert Chain.objects.get(workspace="acme").problem.startswith("A link could not be read")
    assert Chain.objects.get(workspace="other").verified_sequence == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_produce_one_gapless_chain(now: datetime) -> None:
    def write() -> None:
        for number in range(EACH):
            record_event(
                workspace="acme", action="a.b", outcome="succeeded", answer={"n": number}, now=now
            )
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert stored.verify_stored_chain("acme").sequence == WRITERS * EACH
