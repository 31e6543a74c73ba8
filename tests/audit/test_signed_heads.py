"""Signed heads: signing, verifying against them, and delivery."""

from __future__ import annotations

import base64
import json
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core import mail
from pytest_django import Settings

from loopsweb.audit import tasks, verify  # fmt: skip
from loopsweb.audit.chain import delivery, export, signed_heads, stored, verification
from loopsweb.audit.chain.format import encode_canonical_json
from loopsweb.audit.chain.verifier import VerifiedChain
from loopsweb.audit.models import Chain, Event, SignedHead
from loopsweb.audit.record import record_event
from loopsweb.audit.verify import check_export
from tests.audit.problems import get_problem

KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in range(2)]


@pytest.mark.usefixtures("without_triggers")
def test_an_edited_signed_head_is_rejected(events: list[Event], now: datetime) -> None:
    kept = signed_heads.store_signed_head("acme", now=now)
    SignedHead.objects.update(head=kept.head | {"digest": "0" * 64})
    assert verification.verify_and_store_result("acme", now=now).problem.endswith("(forged head).")


@pytest.mark.usefixtures("without_triggers")
def test_a_truncated_chain_does_not_match_a_signed_head(events: list[Event], now: datetime) -> None:
    delivered = signed_heads.store_signed_head("acme", now=now)
    Event.objects.filter(sequence__gt=3).delete()
    Chain.objects.update(sequence=3, digest=events[2].digest)

    assert stored.verify_stored_chain("acme").sequence == 3
    found = get_problem(lambda: stored.verify_stored_chain("acme", heads=[delivered.head]))
    assert found == "#4: truncated: the chain ends before #5, which has a signed head"
    assert verification.verify_and_store_result("acme", now=now).problem == found
    assert Chain.objects.get().verified_sequence == 3


def test_two_different_heads_for_one_link_are_detected(
    events: list[Event], now: datetime, exported: bytes, tmp_path: Path
) -> None:
    head = signed_heads.sign_head(stored.verify_stored_chain("acme"), now=now)
    other = signed_heads.sign_head(VerifiedChain("acme", 5, "f" * 64, 0), now=now)
    for delivered in ([head, other], [other, head]):
        found = "#5: two signed heads differ: the chain was rewritten"
        assert get_problem(lambda: stored.verify_stored_chain("acme", heads=delivered)) == found  # noqa: B023
        assert get_problem(lambda: check_export(exported, heads=delivered)) == found  # noqa: B023


@pytest.mark.usefixtures("without_triggers")
def test_an_invalid_chain_is_neither_signed_nor_exported(
    events: list[Event], now: datetime
) -> None:
    Chain.objects.update(digest="f" * 64)
    for attempt in (signed_heads.store_signed_head, export.export_chain):
        found = get_problem(lambda: attempt("acme", now=now))  # noqa: B023
        assert found == "#6: missing: the chain head is #5"
    assert SignedHead.objects.count() == 0


@pytest.mark.usefixtures("without_triggers")
def test_an_invalid_stored_head_does_not_stop_other_verifications(
    events: list[Event], now: datetime
) -> None:
    bad = {"public_key": signed_heads.encode_public_key(), "signature": 5}
    SignedHead.objects.create(workspace="!", at=now, head=bad)
    tasks.verify_chains()
    assert Chain.objects.get(workspace="!").problem.endswith("(forged head).")
    assert Chain.objects.get(workspace="acme").verified_sequence == 5


def test_a_head_dated_in_the_future_does_not_stop_delivery(
    events: list[Event], now: datetime
) -> None:
    kept = signed_heads.store_signed_head("acme", now=now + timedelta(days=900))
    SignedHead.objects.filter(pk=kept.pk).update(handed_to="file")
    assert signed_heads.find_due_workspaces(now=now) == ["acme"]


def test_the_console_email_backend_is_not_a_delivery(
    events: list[Event], now: datetime, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    settings.LOOPSWEB_AUDIT_HEADS_EMAIL = "auditor@example.com"
    assert delivery.deliver_head(signed_heads.store_signed_head("acme", now=now)) == [
        "email failed: ValueError"
    ]


def test_heads_are_delivered_daily_to_a_file_and_an_email(
    events: list[Event], now: datetime, tmp_path: Path, settings: Settings
) -> None:
    settings.LOOPSWEB_AUDIT_HEADS_FILE = str(tmp_path / "heads")
    settings.LOOPSWEB_AUDIT_HEADS_EMAIL = "auditor@example.com"
    assert signed_heads.find_due_workspaces(now=now) == ["acme"]

    assert delivery.deliver_head(signed_heads.store_signed_head("acme", now=now)) == []

    assert signed_heads.find_due_workspaces(now=now + timedelta(hours=23)) == []
    assert signed_heads.find_due_workspaces(now=now + timedelta(hours=25)) == []
    record_event(workspace="acme", action="a.b", outcome="succeeded", now=now)
    assert signed_heads.find_due_workspaces(now=now + timedelta(hours=25)) == ["acme"]
    [kept] = verify.read_heads(tmp_path / "heads")
    assert kept == SignedHead.objects.get().head
    verify.make_signature_checker(signed_heads.encode_public_key())(kept)
    [letter] = mail.outbox
    assert json.dumps(kept["digest"]) in letter.body


def test_a_head_is_posted_to_a_webhook(
    events: list[Event], now: datetime, settings: Settings
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
        kept = signed_heads.store_signed_head("acme", now=now)
        assert (delivery.deliver_head(kept), kept.handed_to) == ([], "webhook")
        assert delivery.deliver_head(kept) == ["webhook failed: HTTPError"]
        server.shutdown()

    assert posted[:1] == [("application/json", encode_canonical_json(kept.head))]


def test_a_failed_delivery_is_reported_and_does_not_stop_the_others(
    events: list[Event], now: datetime, tmp_path: Path, settings: Settings
) -> None:
    settings.LOOPSWEB_AUDIT_HEADS_FILE = str(tmp_path / "no such folder" / "heads")
    settings.LOOPSWEB_AUDIT_HEADS_EMAIL = "auditor@example.com"
    assert delivery.deliver_head(signed_heads.store_signed_head("acme", now=now)) == [
        "file failed: FileNotFoundError"
    ]
    assert SignedHead.objects.get().handed_to == "email, file failed: FileNotFoundError"


def test_old_heads_are_deleted_except_the_newest_of_each_key_and_the_newest_delivered(
    events: list[Event], now: datetime, settings: Settings
) -> None:
    old, names = now - timedelta(days=500), {}
    for name, key, handed_to in [
        ("superseded", KEYS[0], "file"),
        ("delivered", KEYS[0], "file"),
        ("of another key", KEYS[1], signed_heads.DOWNLOAD),
        ("downloaded", KEYS[0], signed_heads.DOWNLOAD),
        ("newest", KEYS[0], signed_heads.DOWNLOAD),
    ]:
        settings.LOOPSWEB_AUDIT_KEY = key
        head = signed_heads.store_signed_head("acme", now=old, handed_to=handed_to)
        names[head.pk] = name

    signed_heads.delete_old_heads(now=now)

    kept = [names[head.pk] for head in SignedHead.objects.order_by("pk")]
    assert kept == ["delivered", "of another key", "newest"]
    assert verification.verify_and_store_result("acme", now=now).problem == ""
