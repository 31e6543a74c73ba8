from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.chain import signed_heads, stored
from loopsweb.audit.models import Chain, Event, SignedHead
from loopsweb.audit.record import record_event
from loopsweb.audit.verify import check_export, make_signature_checker
from tests.personas import login_as


@pytest.fixture
def browser(acme: Workspace, vic: User, now: datetime) -> Client:
    record_event(workspace=acme.slug, action="key.add", outcome="succeeded", now=now)
    return login_as(vic)


def test_the_page_claims_nothing_before_the_first_verification(
    acme: Workspace, browser: Client
) -> None:
    assert "Not verified yet." in browser.get(f"/w/{acme.slug}/audit/").content.decode()


def test_verify_now_shows_the_last_verified_link(acme: Workspace, browser: Client) -> None:
    page = browser.post(f"/w/{acme.slug}/audit/verification/", follow=True)
    newest = Event.objects.filter(workspace=acme.slug).first()
    assert newest is not None
    assert f"Verified up to #{newest.sequence} " in page.content.decode()


def test_a_failed_verification_is_shown_prominently(
    acme: Workspace, browser: Client, now: datetime
) -> None:
    found = {"verified_at": now, "verified_sequence": 3, "problem": "#4: missing or reordered"}
    Chain.objects.filter(workspace=acme.slug).update(**found)
    page = browser.get(f"/w/{acme.slug}/audit/").content.decode()
    assert "Audit trail verification failed." in page
    assert "Links up to #3 are valid." in page


def test_a_signed_head_can_be_downloaded(acme: Workspace, browser: Client, now: datetime) -> None:
    answer = browser.post(f"/w/{acme.slug}/audit/head/")
    head = json.loads(answer.content)
    make_signature_checker(signed_heads.encode_public_key())(head)
    kept = SignedHead.objects.get()
    assert (kept.head, kept.handed_to) == (head, "a download")
    last = Event.objects.get(workspace=acme.slug, sequence=head["sequence"])
    assert (last.digest, last.action, last.target_name) == (
        head["digest"],
        "audit.export",
        "signed head",
    )
    assert stored.verify_stored_chain(acme.slug, heads=[head]).sequence == head["sequence"]
    assert acme.slug in signed_heads.find_due_workspaces(
        now=timezone.now()
    )  # a download is no delivery


@pytest.mark.parametrize("what", ["export", "head"])
def test_an_invalid_chain_is_neither_signed_nor_exported(
    acme: Workspace, browser: Client, what: str
) -> None:
    Chain.objects.filter(workspace=acme.slug).update(digest="f" * 64)
    answer = browser.post(f"/w/{acme.slug}/audit/{what}/")
    assert answer.status_code == 409
    assert "Audit trail verification failed" in answer.content.decode()
    assert SignedHead.objects.count() == 0


def test_the_export_includes_its_proof_and_its_own_event(acme: Workspace, browser: Client) -> None:
    answer = browser.post(f"/w/{acme.slug}/audit/export/")
    verified = check_export(b"".join(answer))
    last = Event.objects.get(workspace=acme.slug, sequence=verified.sequence)
    assert (last.action, last.target_name) == ("audit.export", "with proof")


@pytest.mark.parametrize("what", ["verification", "export", "head"])
def test_proof_is_limited_to_ten_requests_a_minute(
    what: str, acme: Workspace, browser: Client, alice: User
) -> None:
    def send(browser: Client, what: str) -> Any:
        return browser.post(f"/w/{acme.slug}/audit/{what}/")

    done = 302 if what == "verification" else 200
    assert [send(browser, what).status_code for _ in range(10)] == [done] * 10
    events = Event.objects.count()

    answer = send(browser, what)

    assert (answer.status_code, Event.objects.count()) == (429, events)
    assert "You can do this 10 times a minute. Try again later." in answer.content.decode()
    assert send(login_as(alice), what).status_code == done
    others = {"verification", "export", "head"} - {what}
    assert {send(browser, other).status_code for other in others} <= {200, 302}


def test_the_proof_of_one_record_is_recorded_and_only_for_members(
    acme: Workspace, browser: Client, mallory: User
) -> None:
    event = Event.objects.get(action="key.add")
    url = f"/w/{acme.slug}/audit/records/{event.incident}/proof/"
    answer = browser.post(url)
    assert answer["Content-Disposition"].endswith(f'-record-{event.incident}.jsonl"')
    assert check_export(b"".join(answer)).events == (event.sequence,)
    recorded = Event.objects.filter(action="audit.export").get()
    assert recorded.target_name == f"record {event.incident}"
    assert login_as(mallory).post(url).status_code == 404
    assert browser.post(f"/w/{acme.slug}/audit/records/{uuid4()}/proof/").status_code == 404
    Chain.objects.filter(workspace=acme.slug).update(digest="f" * 64)
    assert browser.post(url).status_code == 409
