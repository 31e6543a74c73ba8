from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.chain import checkpoints, trail
from loopsweb.audit.models import Chain, Event, SignedHead
from loopsweb.audit.record import record
from loopsweb.audit.verify import check_export, signature_checker
from tests.personas import client_of


@pytest.fixture
def browser(acme: Workspace, vic: User, now: datetime) -> Client:
    record(workspace=acme.slug, action="key.add", outcome="succeeded", now=now)
    return client_of(vic)


def test_the_page_claims_nothing_before_it_was_verified(acme: Workspace, browser: Client) -> None:
    assert "Not verified yet." in browser.get(f"/w/{acme.slug}/audit/").content.decode()


def test_verify_now_says_up_to_where_every_link_holds(acme: Workspace, browser: Client) -> None:
    page = browser.post(f"/w/{acme.slug}/audit/verification/", follow=True)
    newest = Event.objects.filter(workspace=acme.slug).first()
    assert newest is not None
    assert f"Verified up to #{newest.sequence} " in page.content.decode()


def test_a_trail_that_does_not_hold_is_said_loudly(
    acme: Workspace, browser: Client, now: datetime
) -> None:
    found = {"verified_at": now, "verified_sequence": 3, "problem": "#4: missing or reordered"}
    Chain.objects.filter(workspace=acme.slug).update(**found)
    page = browser.get(f"/w/{acme.slug}/audit/").content.decode()
    assert "The trail does not hold." in page
    assert "Links up to #3 are sound." in page


def test_a_head_is_signed_for_whoever_keeps_it(
    acme: Workspace, browser: Client, now: datetime
) -> None:
    answer = browser.get(f"/w/{acme.slug}/audit/head/")
    head = json.loads(answer.content)
    signature_checker(checkpoints.public_key())(head)
    kept = SignedHead.objects.get()
    assert (kept.head, kept.handed_to) == (head, "a download")
    last = Event.objects.get(workspace=acme.slug, sequence=head["sequence"])
    assert (last.digest, last.action, last.target_name) == (
        head["digest"],
        "audit.export",
        "signed head",
    )
    assert trail.verify(acme.slug, handed_out=[head]).sequence == head["sequence"]
    assert acme.slug in checkpoints.due(now=timezone.now())  # what is handed out daily still is


@pytest.mark.parametrize("what", ["export", "head"])
def test_a_trail_that_does_not_hold_is_given_no_proof(
    acme: Workspace, browser: Client, what: str
) -> None:
    Chain.objects.filter(workspace=acme.slug).update(digest="f" * 64)
    answer = browser.get(f"/w/{acme.slug}/audit/{what}/")
    assert answer.status_code == 409
    assert "The trail does not hold" in answer.content.decode()
    assert SignedHead.objects.count() == 0


def test_the_export_carries_its_proof_and_its_own_record(acme: Workspace, browser: Client) -> None:
    answer = browser.get(f"/w/{acme.slug}/audit/export/")
    verified = check_export(b"".join(answer))
    last = Event.objects.get(workspace=acme.slug, sequence=verified.sequence)
    assert (last.action, last.target_name) == ("audit.export", "with proof")


@pytest.mark.parametrize("what", ["verification", "export", "head"])
def test_what_reads_the_whole_trail_is_asked_for_ten_times_a_minute(
    what: str, acme: Workspace, browser: Client, alice: User
) -> None:
    def ask(browser: Client, what: str) -> Any:
        url = f"/w/{acme.slug}/audit/{what}/"
        return browser.post(url) if what == "verification" else browser.get(url)

    done = 302 if what == "verification" else 200
    assert [ask(browser, what).status_code for _ in range(10)] == [done] * 10
    events = Event.objects.count()

    answer = ask(browser, what)

    assert (answer.status_code, Event.objects.count()) == (429, events)
    assert "10 times in a minute. Wait a minute, then try again." in answer.content.decode()
    assert ask(client_of(alice), what).status_code == done
    others = {"verification", "export", "head"} - {what}
    assert {ask(browser, other).status_code for other in others} <= {200, 302}
