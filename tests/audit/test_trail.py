"""The chain in the database and in an export: whatever is done to it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings, strategies
from pytest_django import Settings

from loopsweb.audit import erasure, tasks, verify  # fmt: skip
from loopsweb.audit.chain import append_only, checkpoints, checks, delivery, erased_ranges, trail
from loopsweb.audit.chain.format import canonical, link
from loopsweb.audit.chain.verifier import Broken, Line, Verified, check_links
from loopsweb.audit.models import Chain, Event, SignedHead
from loopsweb.audit.record import record
from loopsweb.audit.verify import check_export

WRITERS = int(os.environ.get("TEST_WRITERS", "8"))
EACH = int(os.environ.get("TEST_EVENTS_EACH", "25"))
WILD = {"text": "nul\x00 \ud800 \u2028 <&> é 🧪", "float": 0.1, "big": 2**70, "deep": [None, True]}


@pytest.fixture
def five(db: None, now: datetime) -> list[Event]:
    return [
        record(
            workspace="acme",
            action="deployment.deactivate",
            outcome="succeeded",
            person=f"p{number}@example.com",
            reason="budget",
            target_owner="owner@example.com",
            answer=WILD | {"number": number},
            now=now + timedelta(microseconds=number),
        )
        for number in range(5)
    ]


@pytest.fixture
def without_triggers(db: None) -> None:
    """What a database administrator can do."""
    is_sqlite = connection.vendor == "sqlite"
    undo = append_only.SQLITE_UNDO if is_sqlite else append_only.POSTGRESQL_UNDO
    with connection.cursor() as cursor:
        for statement in undo:
            cursor.execute(statement)


@pytest.fixture
def exported(five: list[Event], now: datetime) -> bytes:
    return b"".join(trail.export("acme", now=now))


def problem(found: Callable[[], object]) -> str:
    with pytest.raises(Broken) as broken:
        found()
    return str(broken.value)


def test_links_are_numbered_without_gaps_per_workspace_and_follow_each_other(
    five: list[Event], now: datetime
) -> None:
    record(workspace="other", action="key.add", outcome="succeeded", now=now)
    rows = Event.objects.filter(workspace="acme").order_by("pk")
    assert list(rows.values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]
    digests = list(rows.values_list("digest", flat=True))
    assert list(rows.values_list("previous", flat=True)) == ["0" * 64, *digests[:-1]]
    verified = trail.verify("acme")
    assert (verified.sequence, verified.digest, verified.erased) == (5, digests[-1], 0)


def test_what_is_bound_comes_back_from_the_database_as_it_went_in(five: list[Event]) -> None:
    for event in five:
        assert Event.objects.get(pk=event.pk).body() == event.body()


@pytest.mark.usefixtures("without_triggers")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_event SET role = 'admin' WHERE sequence = 3", "#3: a field was changed"),
        ("UPDATE audit_event SET person = 'x' WHERE sequence = 2", "#2: the field person was"),
        ("UPDATE audit_event SET reason_salt = '' WHERE sequence = 2", "#2: the field reason was"),
        ("DELETE FROM audit_event WHERE sequence = 4", "#4: missing: #5 stands in its place"),
        ("DELETE FROM audit_event WHERE sequence = 5", "#5: missing"),
        ("UPDATE audit_event SET sequence = 9 WHERE sequence = 5", "#5: missing"),
        (
            "UPDATE audit_event SET workspace = 'x' WHERE sequence = 1",
            "#1: missing: #2 stands in its place",
        ),
        ("UPDATE audit_chain SET sequence = 4", "#4: a field was changed"),
        ("UPDATE audit_event SET digest = previous WHERE sequence = 3", "#3: a field was changed"),
    ],
)
def test_what_an_administrator_changes_in_the_database_is_named(
    five: list[Event], statement: str, said: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    if "audit_chain" in statement:
        said = "#5: missing: the chain's head is #4"
        statement = ""
    assert problem(lambda: trail.verify("acme")).startswith(said)


@pytest.mark.usefixtures("without_triggers")
def test_the_border_between_salt_and_value_cannot_be_moved(
    five: list[Event], now: datetime
) -> None:
    event = record(
        workspace="acme", action="a.b", outcome="succeeded", reason="I must.\nIt was me.", now=now
    )
    salt = f"{event.reason_salt}\nI must."
    Event.objects.filter(pk=event.pk).update(reason_salt=salt[:32], reason="It was me.")
    assert problem(lambda: trail.verify("acme")) == "#6: the field reason was changed"


@pytest.mark.usefixtures("without_triggers")
def test_a_chain_without_its_head_is_no_empty_chain(five: list[Event]) -> None:
    Chain.objects.all().delete()
    assert problem(lambda: trail.verify("acme")) == "#1: inserted: the chain's head is gone"
    with pytest.raises(CommandError, match="the chain's head is gone"):
        call_command("audit", "verify")


@pytest.mark.usefixtures("without_triggers")
def test_a_signed_head_that_was_edited_is_forged(five: list[Event], now: datetime) -> None:
    kept = trail.keep_signed("acme", now=now)
    SignedHead.objects.update(head=kept.head | {"digest": "0" * 64})
    assert checks.check("acme", now=now).problem.endswith("(forged head).")


def test_values_that_are_gone_without_a_record_are_told(five: list[Event]) -> None:
    Event.objects.filter(sequence=2).update(person="", person_salt="")
    said = problem(lambda: trail.verify("acme"))
    assert said == "#2: 1 personal values are gone without a record of it"


def test_a_file_of_heads_of_many_workspaces_serves_each(
    five: list[Event], now: datetime, exported: bytes
) -> None:
    record(workspace="other", action="a.b", outcome="succeeded", now=now)
    both = [checkpoints.sign(trail.verify(each), now=now) for each in ("other", "acme")]
    assert check_export(exported, heads=both).sequence == 5


@pytest.mark.usefixtures("without_triggers")
def test_a_tail_cut_off_with_its_head_shows_against_a_head_handed_out(
    five: list[Event], now: datetime
) -> None:
    handed_out = trail.keep_signed("acme", now=now)
    Event.objects.filter(sequence__gt=3).delete()
    Chain.objects.update(sequence=3, digest=five[2].digest)

    assert trail.verify("acme").sequence == 3
    said = problem(lambda: trail.verify("acme", handed_out=[handed_out.head]))
    assert said == "#4: truncated: a head for #5 was handed out, the tail is gone"
    assert checks.check("acme", now=now).problem == said
    assert Chain.objects.get().verified_sequence == 3


def test_an_export_is_verified_offline_and_says_up_to_where(
    exported: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export").write_bytes(exported)
    (tmp_path / "key").write_text(checkpoints.public_key())
    arguments = [str(tmp_path / "export"), "--public-key", str(tmp_path / "key")]
    assert verify.main(arguments) == 0
    assert capsys.readouterr().out == "Verified acme up to #5.\n"


def test_verification_needs_no_package(exported: bytes, tmp_path: Path) -> None:
    (tmp_path / "export").write_bytes(exported)
    alone = [sys.executable, "-S", "-m", "loopsweb.audit.verify", str(tmp_path / "export")]
    said = subprocess.run(alone, capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "Verified acme up to #5.\n"


def test_a_head_signed_with_another_key_is_forged(
    exported: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export").write_bytes(exported)
    (tmp_path / "key").write_text("A" * 43 + "=")
    arguments = [str(tmp_path / "export"), "--public-key", str(tmp_path / "key")]
    assert verify.main(arguments) == 1
    assert "forged head" in capsys.readouterr().err


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_any_changed_inserted_or_removed_byte_of_an_export_is_caught(
    exported: bytes, data: strategies.DataObject
) -> None:
    where = data.draw(strategies.integers(0, len(exported) - 1))
    byte = data.draw(strategies.integers(0, 255))
    how = data.draw(strategies.sampled_from(["change", "insert", "remove", "truncate"]))
    rest = exported[where + 1 :] if how in {"change", "remove"} else exported[where:]
    middle = bytes([byte]) if how in {"change", "insert"} else b""
    changed = exported[:where] + middle + (b"" if how == "truncate" else rest)
    if changed == exported:
        return
    assert problem(lambda: check_export(changed))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_any_swapped_removed_or_repeated_line_of_an_export_is_caught(
    exported: bytes, data: strategies.DataObject
) -> None:
    lines = exported.splitlines(keepends=True)
    one, other = (data.draw(strategies.integers(0, len(lines) - 1)) for _ in range(2))
    how = data.draw(strategies.sampled_from(["swap", "remove", "repeat"]))
    changed = list(lines)
    if how == "swap":
        changed[one], changed[other] = changed[other], changed[one]
    elif how == "remove":
        del changed[one]
    else:
        changed.insert(other, lines[one])
    if changed == lines:
        return
    assert problem(lambda: check_export(b"".join(changed)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda links: [links[0], links[2], links[1], *links[3:]], "#2: reordered: #3 stands"),
        (lambda links: [links[0], links[1], links[1], *links[2:]], "#3: inserted: #2 stands"),
        (lambda links: [*links[:2], *links[3:]], "#3: missing: #4 stands"),
        (lambda links: links[1:], "#1: missing: #2 stands"),
        (lambda links: links[:-1], "#5: truncated: a head for #5 was handed out"),
    ],
)
def test_what_was_done_to_the_links_is_named(
    exported: bytes, change: Callable[[list[Line]], list[Line]], said: str
) -> None:
    _, *links, head, _ = [json.loads(line) for line in exported.splitlines()]
    assert check_links("acme", links, heads=[head]).sequence == 5
    changed = change(links)
    assert problem(lambda: check_links("acme", changed, heads=[head])).startswith(said)


def test_a_rewritten_link_is_caught_even_with_a_fitting_checksum(exported: bytes) -> None:
    lines = [json.loads(line) for line in exported.splitlines()]
    lines[3]["body"]["role"] = "admin"
    said = problem(lambda: check_links("acme", lines[1:-2]))
    assert said == "#3: a field was changed: the digest does not fit"


def test_a_person_is_erased_and_the_chain_still_holds(five: list[Event], now: datetime) -> None:
    count = erasure.erase("p1@example.com", by="alice@example.com", reason="asked", now=now)

    assert count == 3
    told = Event.objects.get(action="audit.erase")
    assert told.answer == {"erased": {"reason": ["2"], "address": ["2"], "person": ["2"]}}
    erased = Event.objects.get(sequence=2)
    assert (erased.person, erased.reason, erased.target_owner) == ("", "", "owner@example.com")
    verified = trail.verify("acme")
    assert (verified.sequence, verified.erased) == (6, 3)
    assert b"p1@example.com" not in b"".join(trail.export("acme", now=now))


@pytest.mark.usefixtures("without_triggers")
def test_what_was_erased_and_is_there_again_is_told(five: list[Event], now: datetime) -> None:
    kept = Event.objects.values("person", "person_salt").get(sequence=2)
    erasure.erase("p1@example.com", by="alice@example.com", reason="asked", now=now)
    Event.objects.filter(sequence=2).update(**kept)
    Event.objects.filter(sequence=3).update(person="", person_salt="")
    said = problem(lambda: trail.verify("acme"))
    assert said == "#3: 1 personal values are gone without a record of it"
    Event.objects.filter(sequence=3).update(person=five[2].person, person_salt=five[2].person_salt)
    said = problem(lambda: trail.verify("acme"))
    assert said == "#2: a personal value that was erased is there again"


@pytest.mark.parametrize("given", ["", "a", "example.com", "@example.com", "p1@example", "p1 "])
def test_only_a_whole_email_is_erased(five: list[Event], now: datetime, given: str) -> None:
    with pytest.raises(CommandError, match="is no email"):
        call_command("audit", "erase", "--person", given, "--by", "a@b.org", "--reason", "x")
    assert Event.objects.filter(reason="").count() == 0


def test_a_reason_that_names_somebody_else_stays(five: list[Event], now: datetime) -> None:
    for reason in ("not bob1@example.com", "for p1@example.com.", "p1@example.community"):
        record(workspace="acme", action="a.b", outcome="succeeded", reason=reason, now=now)
    erasure.erase("p1@example.com", by="alice@example.com", reason="asked", now=now)
    reasons = Event.objects.filter(action="a.b").order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["not bob1@example.com", "", "p1@example.community"]


@given(strategies.sets(strategies.integers(1, 400)))
def test_what_an_erasure_tells_is_read_back(numbers: set[int]) -> None:
    answer = {"erased": erased_ranges.told({"person": numbers})}
    assert erased_ranges.places_of(answer) == {("person", number) for number in numbers}


def test_two_heads_of_one_number_that_differ_show_a_rewriting(
    five: list[Event], now: datetime, exported: bytes, tmp_path: Path
) -> None:
    head = checkpoints.sign(trail.verify("acme"), now=now)
    other = checkpoints.sign(Verified("acme", 5, "f" * 64, 0), now=now)
    for handed_out in ([head, other], [other, head]):
        said = "#5: two heads that were handed out for it differ: it was rewritten"
        assert problem(lambda: trail.verify("acme", handed_out=handed_out)) == said  # noqa: B023
        assert problem(lambda: check_export(exported, heads=handed_out)) == said  # noqa: B023


def test_heads_of_another_workspace_prove_nothing(
    exported: bytes, now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(workspace="other", action="a.b", outcome="succeeded", now=now)
    (tmp_path / "export").write_bytes(exported)
    (tmp_path / "heads").write_bytes(
        canonical(checkpoints.sign(trail.verify("other"), now=now)) + b"\n"
    )
    arguments = [str(tmp_path / "export"), "--head", str(tmp_path / "heads")]
    assert verify.main(arguments) == 2
    assert capsys.readouterr().err.endswith("heads holds no head of 'acme'.\n")
    (tmp_path / "heads").write_bytes(canonical(checkpoints.sign(trail.verify("acme"), now=now)))
    assert verify.main(arguments) == 0
    assert capsys.readouterr().out == "Verified acme up to #5, against 1 handed out.\n"


@pytest.mark.usefixtures("without_triggers")
def test_what_does_not_hold_is_neither_signed_nor_exported(
    five: list[Event], now: datetime
) -> None:
    Chain.objects.update(digest="f" * 64)
    for attempt in (trail.keep_signed, trail.export):
        said = problem(lambda: attempt("acme", now=now))  # noqa: B023
        assert said == "#6: missing: the chain's head is #5"
    assert SignedHead.objects.count() == 0


@pytest.mark.usefixtures("without_triggers")
@pytest.mark.parametrize(
    ("field", "value"), [("commitments", []), ("commitments", {}), ("answer", {"erased": 7})]
)
def test_a_link_that_cannot_be_read_is_named_not_stumbled_over(
    five: list[Event], now: datetime, field: str, value: Any
) -> None:
    event = Event.objects.get(sequence=5)
    setattr(event, field, value)
    if field == "answer":
        event.action = "audit.erase"
    digest = link(event.previous, event.body())
    fields = {field: value, "digest": digest, "action": event.action}
    Event.objects.filter(sequence=5).update(**fields)
    Chain.objects.update(digest=digest)
    record(workspace="other", action="a.b", outcome="succeeded", now=now)

    tasks.verify_chains()

    assert Chain.objects.get(workspace="acme").problem.startswith("A link cannot be read")
    assert Chain.objects.get(workspace="other").verified_sequence == 1


@pytest.mark.usefixtures("without_triggers")
def test_a_bad_kept_head_stops_no_other_workspace(five: list[Event], now: datetime) -> None:
    bad = {"public_key": checkpoints.public_key(), "signature": 5}
    SignedHead.objects.create(workspace="!", at=now, head=bad)
    tasks.verify_chains()
    assert Chain.objects.get(workspace="!").problem.endswith("(forged head).")
    assert Chain.objects.get(workspace="acme").verified_sequence == 5


def test_a_head_dated_ahead_hides_no_workspace_from_the_handing_out(
    five: list[Event], now: datetime
) -> None:
    kept = trail.keep_signed("acme", now=now + timedelta(days=900))
    SignedHead.objects.filter(pk=kept.pk).update(handed_to="file")
    assert checkpoints.due(now=now) == ["acme"]


def test_mail_that_stays_in_the_log_was_not_handed_out(
    five: list[Event], now: datetime, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    settings.LOOPSWEB_AUDIT_HEADS_EMAIL = "auditor@example.com"
    assert delivery.hand_out(trail.keep_signed("acme", now=now)) == ["email failed: ValueError"]


def test_heads_are_due_daily_and_handed_to_a_file_and_an_email(
    five: list[Event], now: datetime, tmp_path: Path, settings: Settings
) -> None:
    settings.LOOPSWEB_AUDIT_HEADS_FILE = str(tmp_path / "heads")
    settings.LOOPSWEB_AUDIT_HEADS_EMAIL = "auditor@example.com"
    assert checkpoints.due(now=now) == ["acme"]

    assert delivery.hand_out(trail.keep_signed("acme", now=now)) == []

    assert checkpoints.due(now=now + timedelta(hours=23)) == []
    assert checkpoints.due(now=now + timedelta(hours=25)) == []
    record(workspace="acme", action="a.b", outcome="succeeded", now=now)
    assert checkpoints.due(now=now + timedelta(hours=25)) == ["acme"]
    [kept] = verify.read_heads(tmp_path / "heads")
    assert kept == SignedHead.objects.get().head
    verify.signature_checker(checkpoints.public_key())(kept)
    [letter] = mail.outbox
    assert json.dumps(kept["digest"]) in letter.body


def test_a_head_is_posted_to_a_webhook(
    five: list[Event], now: datetime, settings: Settings
) -> None:
    posted: list[tuple[str, bytes]] = []
    codes = [204, 302]

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            posted.append((self.headers["Content-Type"], self.rfile.read(length)))
            self.send_response(codes.pop(0))
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.LOOPSWEB_AUDIT_HEADS_WEBHOOK = f"http://127.0.0.1:{server.server_port}/heads"
        kept = trail.keep_signed("acme", now=now)
        assert (delivery.hand_out(kept), kept.handed_to) == ([], "webhook")
        assert delivery.hand_out(kept) == ["webhook failed: HTTPError"]
        server.shutdown()

    assert posted[:1] == [("application/json", canonical(kept.head))]


def test_a_way_that_fails_is_said_and_does_not_stop_the_others(
    five: list[Event], now: datetime, tmp_path: Path, settings: Settings
) -> None:
    settings.LOOPSWEB_AUDIT_HEADS_FILE = str(tmp_path / "no such folder" / "heads")
    settings.LOOPSWEB_AUDIT_HEADS_EMAIL = "auditor@example.com"
    assert delivery.hand_out(trail.keep_signed("acme", now=now)) == [
        "file failed: FileNotFoundError"
    ]
    assert SignedHead.objects.get().handed_to == "email, file failed: FileNotFoundError"


def test_the_command_verifies_exports_signs_and_fails_on_a_broken_trail(
    five: list[Event], without_triggers: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("audit", "verify")
    call_command("audit", "export", "--workspace", "acme", "--output", str(tmp_path / "out"))
    call_command("audit", "sign")
    assert capsys.readouterr().out.splitlines()[0] == "acme: verified up to #5."
    assert check_export((tmp_path / "out").read_bytes()).sequence == 5
    call_command("audit", "export", "--workspace", "acme", "--output", "-")
    assert check_export(capsys.readouterr().out.encode()).sequence == 5
    Event.objects.filter(sequence=2).delete()
    with pytest.raises(CommandError, match=r"acme: the trail does not hold\. #2: missing"):
        call_command("audit", "verify", "--workspace", "acme")


@pytest.mark.django_db(transaction=True)
def test_many_writers_leave_one_gapless_chain(now: datetime) -> None:
    def write() -> None:
        for number in range(EACH):
            record(
                workspace="acme", action="a.b", outcome="succeeded", answer={"n": number}, now=now
            )
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert trail.verify("acme").sequence == WRITERS * EACH
