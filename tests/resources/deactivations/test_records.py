"""The record of a deactivation: what was shown is frozen, names nobody, and outlives its target."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.chain.stored import verify_stored_chain
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.models import Checkpoint, Deployment, Run
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.ui.timestamps import format_utc
from tests.personas import login_as
from tests.resources.conftest import Timeline
from tests.resources.deactivations.requests import submit_decision, submit_form


@pytest.fixture
def record(
    acme: Workspace, alice: User, syncing_deployment: Deployment, real_time: Timeline
) -> Deactivation:
    """alice's request to end a deployment, sent and accepted."""
    Deployment.objects.update(owner_email="bo@example.com", base_model="bo@example.com/model")
    assert submit_form(alice, syncing_deployment).status_code == 302
    return Deactivation.objects.get()


def read_page(person: User, url: str) -> str:
    return " ".join(strip_tags(login_as(person).get(url).content.decode()).split())


def test_the_preflight_is_frozen_in_the_request_and_in_the_chain(
    record: Deactivation, acme: Workspace
) -> None:
    requested = Event.objects.get(outcome="requested")
    facts = (requested.answer or {})["preflight"]
    assert facts == record.preflight
    statuses = {each["name"]: each["sync_status"] for each in facts["checkpoints"]}
    assert statuses == {"step-2": "SYNCING", "step-1": "COMPLETE"}
    [run] = facts["runs"]
    assert (run["saved"], run["syncing"], facts["gpus"]) == (1, 1, 3)
    assert facts["demands"] == ["a reason", "the typed ID"]
    assert facts["as_of"].endswith("Z")
    worked_at = Deployment.objects.get().last_work_at
    assert worked_at
    assert facts["last_work_at"] == format_utc(worked_at)
    assert (facts["base_model"], "bo@example.com" in str(facts)) == ("[email]/model", False)
    assert verify_stored_chain(acme.slug).sequence == requested.sequence + 1


def test_the_record_outlives_what_it_is_about(
    record: Deactivation, vic: User, acme: Workspace, syncing_deployment: Deployment
) -> None:
    url = record.get_absolute_url()
    target = reverse("deployments:detail", args=[acme.slug, syncing_deployment.remote_id])
    assert f'href="{url}"' in login_as(vic).get(target).content.decode()
    for model in (Checkpoint, Run, Deployment):
        model.objects.all().delete()
    touch_version(acme)

    gone = login_as(vic).get(target)

    assert (gone.status_code, f'href="{url}"' in gone.content.decode()) == (404, True)
    page = read_page(vic, url)
    assert "Last sign of work2" in page
    sentence = "step-1 saved, step-2 still syncing; because idle; accepted by the API"
    assert sentence in page
    assert "is no longer kept here; this record is" in page


def test_activity_and_the_audit_event_lead_to_the_record(
    record: Deactivation, browser: Client, acme: Workspace
) -> None:
    event = Event.objects.get(outcome="requested")
    for url in (
        reverse("dashboard:event", args=[acme.slug, event.sequence]),
        reverse("dashboard:overview", args=[acme.slug]),
    ):
        assert f'href="{record.get_absolute_url()}"' in browser.get(url).content.decode()


def test_an_attempt_without_a_request_has_its_audit_event_instead(
    record: Deactivation, browser: Client, acme: Workspace, syncing_deployment: Deployment
) -> None:
    submit_form(User.objects.get(email=record.person), syncing_deployment)
    refused = Event.objects.get(outcome="refused")
    response = browser.get(reverse("deactivations:detail", args=[acme.slug, refused.incident]))
    assert response.headers["Location"] == reverse(
        "dashboard:event", args=[acme.slug, refused.sequence]
    )


def test_approval_freezes_what_the_second_person_saw(
    deactivation: Deactivation, alice: User, deployment: Deployment
) -> None:
    Checkpoint.objects.update(name="step-7")
    assert submit_decision(alice, deactivation, "approval") == 302
    seen = {each.outcome: (each.answer or {}).get("preflight", {}) for each in Event.objects.all()}
    names = [seen[outcome]["checkpoints"][0]["name"] for outcome in ("requested", "approved")]
    assert names == ["step-1", "step-7"]
    page = read_page(alice, deactivation.get_absolute_url())
    assert "What was shown when it was requested" in page
    assert "What was shown when it was approved" in page


def test_a_lifted_protection_is_told(
    acme: Workspace, alice: User, deployment: Deployment, browser: Client
) -> None:
    url = reverse("deactivations:protection", args=[acme.slug, "deployments", deployment.remote_id])
    browser.post(url, {"protect": "on", "note": "for the paper"})
    browser.post(url, {"note": "paper sent", "break_glass": "on"})
    submit_form(alice, deployment)
    page = read_page(alice, Deactivation.objects.get().get_absolute_url())
    assert "Protection lifted" in page
    assert "paper sent" in page
