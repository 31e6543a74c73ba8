"""Erasing a person removes them from everything but their account and the snapshot. The chain still
verifies."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.chain import export, verification
from loopsweb.audit.chain.anonymize import anonymize
from loopsweb.audit.erasure import erase_person
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from loopsweb.resources.deactivations.models import Batch, Deactivation, Policy
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Deployment
from tests.database_dump import dump_database
from tests.personas import add_key, login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.conftest import CreateDeployments
from tests.resources.deactivations.requests import fill_batch_form, submit_form

KEPT_TABLES = frozenset({"accounts_user", "account_emailaddress", "resources_deployment"})
PERMANENT_FIELDS = (
    "answer",
    "key_label",
    "target_id",
    "target_name",
    "role",
    "action",
    "request_id",
)


@pytest.fixture
def bo(
    acme: Workspace,
    alice: User,
    vic: User,
    real_time: Timeline,
    create_deployments: CreateDeployments,
) -> User:
    """A former admin who appears in events, requests, protections and batches of every kind."""
    ids = [row.remote_id for row in create_deployments(4)]
    admin, team = login_as(alice), f"/teams/{acme.team_id}"
    bo = User.objects.create_user("bo@example.com", "correct horse 2", name="Bo")
    member = Membership.objects.create(team=acme.team, user=bo, role=Role.OPERATOR).pk
    assert admin.post(f"{team}/members/{member}/role/", {"role": "admin"}).status_code == 302
    wrong_password = {"login": bo.email, "password": "wrong"}
    Client().post(reverse("account_login"), wrong_password)
    browser_of_bo = login_as(bo)
    browser_of_bo.post(f"{team}/invitations/", {"email": "eve@example.com", "role": "viewer"})
    add_key(bo, workspace=acme, secret="demo-own-key", now=real_time(), shared=True)
    Deployment.objects.filter(remote_id=ids[0]).update(owner_email="Bo@example.com")
    Policy.objects.create(team=acme.team, approve_others=True)
    for each in ids[:2]:
        protection = reverse("deployments:detail", args=[acme.slug, each]) + "protection/"
        browser_of_bo.post(protection, {"protect": "on", "note": "mine, bo@example.com"})
    for browser, each in ((admin, ids[0]), (browser_of_bo, ids[1]), (browser_of_bo, ids[0])):
        url = reverse("deactivations:new", args=[acme.slug, "deployments", each])
        browser.post(url, {"reason": "bo@example.com is away", "typed": each})
    deactivation = Deactivation.objects.get(target_remote_id=ids[0])
    browser_of_bo.post(f"{deactivation.get_absolute_url()}refusal/", {"note": "Bo needs it."})
    bulk = reverse("deactivations:bulk", args=[acme.slug, "deployments"])
    data = fill_batch_form(browser_of_bo, bulk, ids, reason="all")
    assert browser_of_bo.post(bulk, data).status_code == 302
    browser_of_bo.post(
        reverse("sessions:create", args=[acme.slug]),
        {"once": "00000000-0000-4000-8000-000000000001"},
    )
    browser_of_bo.post(f"/w/{acme.slug}/runs/")
    login_as(vic).post(f"/w/{acme.slug}/sessions/new/")
    admin.post(f"{team}/members/{member}/removal/")
    return bo


def test_an_erased_person_is_named_nowhere_and_the_chain_verifies(
    bo: User, acme: Workspace, now: datetime
) -> None:
    recorded = Event.objects.filter(workspace=acme.slug).values_list("action", "outcome")
    assert {*recorded} == {
        ("deployment.deactivate", "declined"),
        ("deployment.deactivate", "refused"),
        ("deployment.deactivate", "requested"),
        ("deployment.protect", "succeeded"),
        ("key.add", "succeeded"),
        ("key.remove", "succeeded"),
        ("list.export", "succeeded"),
        ("member.invite", "succeeded"),
        ("member.remove", "succeeded"),
        ("member.role", "succeeded"),
        ("person.sign_in", "refused"),
        ("session.create", "denied"),
        ("session.create", "requested"),
        ("session.create", "succeeded"),
    }
    counts = [model.objects.count() for model in (Batch, Deactivation, Protection)]
    assert counts == [1, 5, 2]
    assert b"bo@example.com" in dump_database(but=KEPT_TABLES).lower()

    call_command(
        "audit", "erase", "--person", bo.email, "--by", "alice@example.com", "--reason", "asked"
    )

    remaining = [
        line
        for line in dump_database(but=KEPT_TABLES).lower().split(b"\n")
        if b"bo@example.com" in line
    ]
    assert remaining == []
    result = verification.verify_and_store_result(acme.slug, now=now)
    assert (result.problem, result.erased > 0) == ("", True)
    assert b"bo@example.com" not in b"".join(export.export_chain(acme.slug, now=now)).lower()


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("for jobo@example.com", True),
        ("jo.bo@example.com", True),
        ("x+bo@example.com", True),
        ("bo@example.community", True),
        ("bo@example.com.au", True),
        ("?owner=x%2Bbo%40example.com", True),
        ("ask BO@Example.com.", False),
        ("-bo@example.com--on leave", False),
        ("see...bo@example.com...", False),
        ("_bo\uff20example.com_", False),
        ("?owner=bo%40example.com&q=x", False),
        ("?q=to+%3Cbo%40example.com%3E", False),
        ("?q=to+bo%40example.com", False),
    ],
)
def test_reasons_that_name_another_person_are_kept(
    reason: str, kept: bool, acme: Workspace, now: datetime
) -> None:
    shared = {"workspace": acme, "person": "alice@example.com", "reason": reason}
    Batch.objects.create(**shared, noun="run", requested_at=now)
    Protection.objects.create(**shared, noun="run", remote_id="r1", since=now)
    times = {"requested_at": now, "state_since": now, "ask_at": now}
    Deactivation.objects.create(**shared, **times, noun="run", target_remote_id="r1", state="due")
    erase_person("bo@example.com", by="alice@example.com", reason="asked", now=now)
    reasons = {model.objects.get().reason for model in (Batch, Protection, Deactivation)}
    assert reasons == {reason if kept else ""}


def test_permanent_fields_contain_no_email(bo: User) -> None:
    found = [
        (event.action, name)
        for event in Event.objects.all()
        for name in PERMANENT_FIELDS
        if "@" in str(getattr(event, name))
    ]
    assert found == []


@pytest.mark.django_db
def test_emails_in_api_answers_are_redacted(now: datetime) -> None:
    answer = {"error": "Owned by Ada.Lovelace+x@mail.example.co.uk.", "list": ["a@b", "bt://x@y/z"]}
    event = record_event(
        workspace="acme", action="a.b", outcome="refused", answer=answer,
        key_label="ada@x.org (…1)", target_name="Qwen/Qwen3-8B@main", now=now,
    )  # fmt: skip
    assert event.answer == {"error": "Owned by [email].", "list": ["a@b", "bt://x@y/z"]}
    assert (event.key_label, event.target_name) == ("[email] (…1)", "Qwen/Qwen3-8B@main")
    assert anonymize({"ada@x.org": None, "n": 1}) == {"[email]": None, "n": 1}


def test_pages_that_show_an_erased_name_reload(
    acme: Workspace, alice: User, otto: User, create_deployments: CreateDeployments
) -> None:
    for person, deployment in zip((alice, otto), create_deployments(2), strict=True):
        submit_form(person, deployment)
    browser, url = login_as(alice), reverse("deactivations:list", args=[acme.slug])
    page = browser.get(url)
    assert "otto@example.com" in page.text
    since = {"v": page["Loopsweb-Version"]}
    partial = {"HX-Request": "true", "HX-Target": "live"}
    assert browser.get(url, since, headers=partial).status_code == 204
    now = timezone.now()
    erase_person("otto@example.com", by="alice@example.com", reason="asked", now=now)
    assert browser.get(url, since, headers=partial).status_code == 200
    assert "otto@example.com" not in browser.get(url).text
