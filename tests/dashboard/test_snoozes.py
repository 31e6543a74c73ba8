from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.erasure import person_erased
from loopsweb.audit.models import Event
from loopsweb.dashboard.snoozed import find_attention
from loopsweb.resources.models import Deployment, Snooze, StatusChange
from loopsweb.resources.retention import delete_old_rows
from loopsweb.resources.snapshot.store import touch_version
from tests.keys.factory import create_key
from tests.personas import login_as
from tests.resources.rows import add_row

FAILED = "deployments FAILED"
FORM = {"hours": "8", "reason": "the quota comes on Monday"}


@pytest.fixture
def browser(otto: User) -> Client:
    return login_as(otto)


def url_of(acme: Workspace, query: str = "") -> str:
    return reverse("dashboard:snooze", args=[acme.slug]) + query


def fail(acme: Workspace, *names: str) -> None:
    for name in names:
        add_row(Deployment, acme, name, status="FAILED", changed_at=timezone.now())


def snooze(browser: Client, acme: Workspace, *names: str) -> int:
    form = {**FORM, "seen": [f"{FAILED} {name}" for name in names]}
    return browser.post(url_of(acme, f"?kind={FAILED}"), form).status_code


def names_now(acme: Workspace, *, hours: float = 0) -> tuple[set[str], set[str]]:
    """What needs attention, and what is snoozed, after that many hours."""
    found = find_attention(acme, now=timezone.now() + timedelta(hours=hours))
    hidden = {item.name for items in found.snoozed.values() for item in items}
    return {item.name for item in found.items}, hidden


def test_a_group_is_snoozed_as_it_was_seen_until_a_time(acme: Workspace, browser: Client) -> None:
    fail(acme, "a", "b")
    assert "Snooze 2 items" in browser.get(url_of(acme, f"?kind={FAILED}")).content.decode()
    fail(acme, "c")

    assert snooze(browser, acme, "a", "b") == 302

    assert names_now(acme) == ({"c"}, {"a", "b"})
    assert names_now(acme, hours=7.9) == ({"c"}, {"a", "b"})
    assert names_now(acme, hours=8.1) == ({"a", "b", "c"}, set())


def test_the_overview_says_who_snoozed_it_and_why_and_undoes_it(
    acme: Workspace, browser: Client, otto: User, alice: User
) -> None:
    create_key(alice, acme)
    fail(acme, "a")
    thing = f"{FAILED} a"
    browser.post(url_of(acme, f"?thing={thing}"), {**FORM, "seen": [thing]})
    overview, undo = reverse("dashboard:overview", args=[acme.slug]), Snooze.objects.get()

    page = browser.get(overview).content.decode()
    undo_url = reverse("dashboard:unsnooze", args=[acme.slug, undo.uid])
    assert f"snoozed by {otto.email} until" in page
    assert 'because: <span dir="auto">the quota comes on Monday</span>' in page
    assert undo_url in page

    assert login_as(alice).post(undo_url).status_code == 302
    assert names_now(acme) == ({"a"}, set())
    assert login_as(alice).post(undo_url).status_code == 302
    events = Event.objects.filter(action__startswith="attention.").order_by("pk")
    assert [(one.action, one.person, one.reason, one.incident) for one in events] == [
        ("attention.snooze", otto.email, FORM["reason"], undo.uid),
        ("attention.unsnooze", alice.email, "", undo.uid),
    ]


def test_a_snooze_ends_when_the_status_changes_anew(acme: Workspace, browser: Client) -> None:
    fail(acme, "a", "b")
    snooze(browser, acme, "a", "b")
    later = timezone.now() + timedelta(minutes=5)
    Deployment.objects.update(changed_at=later)  # another field is no other status
    assert names_now(acme, hours=1) == (set(), {"a", "b"})

    StatusChange.objects.create(
        workspace=acme, noun="deployment", remote_id="a", old="RUNNING", new="FAILED",
        first_seen_new_at=later,
    )  # fmt: skip

    assert names_now(acme, hours=1) == ({"a"}, {"b"})
    Deployment.objects.filter(remote_id="b").update(status="PREEMPTED")
    assert names_now(acme, hours=1) == ({"a", "b"}, set())


def test_what_vanishes_again_needs_attention_again(acme: Workspace, browser: Client) -> None:
    add_row(Deployment, acme, "gone", status="RUNNING", missing_since=timezone.now())
    thing = "deployments no longer listed by the API gone"
    browser.post(url_of(acme, f"?thing={thing}"), {**FORM, "seen": [thing]})
    assert names_now(acme) == (set(), {"gone"})

    Deployment.objects.update(missing_since=timezone.now() + timedelta(minutes=1))

    assert names_now(acme, hours=1) == ({"gone"}, set())


def test_what_is_snoozed_takes_no_place_of_others(acme: Workspace, browser: Client) -> None:
    fail(acme, "old")
    newer = [f"dep-{number}" for number in range(50)]
    fail(acme, *newer)

    snooze(browser, acme, *newer)

    assert names_now(acme) == ({"old"}, set(newer))


@pytest.mark.parametrize("bad", [{"hours": "9999"}, {"reason": " "}, {"reason": "…"}])
def test_a_bad_form_is_422_and_kept(acme: Workspace, browser: Client, bad: dict[str, str]) -> None:
    fail(acme, "a")
    form = {**FORM, "seen": [f"{FAILED} a"], **bad}

    refused = browser.post(url_of(acme, f"?kind={FAILED}"), form)

    assert refused.status_code == 422
    assert f'value="{FAILED} a"' in refused.content.decode()
    assert not Snooze.objects.exists()


def test_viewers_do_not_snooze_and_what_ended_is_told(
    acme: Workspace, vic: User, browser: Client
) -> None:
    fail(acme, "a")
    assert snooze(login_as(vic), acme, "a") == 403
    assert snooze(browser, acme, "other") == 302
    assert names_now(acme) == ({"a"}, set())


def test_the_number_of_queries_is_constant(acme: Workspace, browser: Client, alice: User) -> None:
    create_key(alice, acme)
    overview, counts = reverse("dashboard:overview", args=[acme.slug]), []
    for count in (1, 3):
        names = [f"dep-{count}-{number}" for number in range(count)]
        fail(acme, *names)
        for name in names:
            snooze(browser, acme, name)
        browser.get(overview)
        touch_version(acme)
        with CaptureQueriesContext(connection) as queries:
            browser.get(overview)
        counts.append(len(queries))
    assert len(set(counts)) == 1


def test_old_snoozes_are_deleted_and_people_erased(
    acme: Workspace, browser: Client, otto: User, settings: Settings
) -> None:
    fail(acme, "a")
    snooze(browser, acme, "a")
    person_erased.send(sender=None, person=otto.email)
    assert list(Snooze.objects.values_list("person", "reason")) == [("", "")]

    settings.LOOPSWEB_RETENTION_DAYS = 30
    delete_old_rows(now=timezone.now() + timedelta(days=30))
    assert Snooze.objects.exists()
    delete_old_rows(now=timezone.now() + timedelta(days=31))
    assert not Snooze.objects.exists()
