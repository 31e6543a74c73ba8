"""Every list, the audit trail and the API find what is typed, in any case and Unicode form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.erasure import erase_person
from loopsweb.audit.models import SearchText
from loopsweb.audit.record import record_event
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Run, Sampler
from loopsweb.simulator import Simulator
from tests.json_api.conftest import create_token
from tests.personas import login_as
from tests.resources.rows import MODELS, add_row

NAME = "E\u0301valuation \u0422\u0415\u0421\u0422 Straße"
SEARCHES = ["évaluation", "ÉVALUATION", "e\u0301VALUATION", "\u0442\u0435\u0441\u0442", "STRASSE"]
FIELDS = {
    "sessions": "remote_id",
    "runs": "name",
    "samplers": "base_model",
    "checkpoints": "name",
    "deployments": "owner_email",
    "audit": "reason",
}


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def named(acme: Workspace, now: datetime) -> None:
    """In each list one item with NAME, and one without it."""
    for noun, field in FIELDS.items():
        if noun != "audit":
            add_row(MODELS[noun], acme, "other")
            add_row(MODELS[noun], acme, **{"remote_id": "x", field: NAME})
    event: Any = {"workspace": "acme", "action": "x.y", "outcome": "observed", "now": now}
    record_event(**event, reason=NAME)
    record_event(**event)


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("noun", FIELDS)
def test_a_list_finds_any_form(noun: str, browser: Client, vic: User, acme: Workspace) -> None:
    headers = {"Authorization": f"Bearer {create_token(vic, acme).secret}"}
    for search in SEARCHES:
        page = browser.get(f"/w/acme/{noun}/", {"q": search}).content
        assert page.count(b"<tr data-key=") == 1, search
        answer: Any = Client(headers=headers).get(f"/api/v1/w/acme/{noun}/", {"q": search})
        assert answer.json()["total"] == 1, search


def test_deactivations_are_found_in_any_form(
    browser: Client, acme: Workspace, now: datetime
) -> None:
    for reason in (NAME, "other"):
        Deactivation.objects.create(
            workspace=acme, noun="run", target_remote_id="r1", state=State.DECLINED, reason=reason,
            requested_at=now, state_since=now, ask_at=now,
        )  # fmt: skip
    for search in SEARCHES:
        page = browser.get("/w/acme/deactivations/", {"q": search}).content
        assert page.count(b"<tr data-key=") == 1, search


def test_what_a_poll_stored_is_found(
    browser: Client, key: Key, world: Simulator, poll: Callable[..., int]
) -> None:
    run = world.world.add_run(name=NAME)
    assert poll() == 1
    for noun in ("runs", "samplers"):
        page = browser.get(f"/w/acme/{noun}/", {"q": run.id.upper()}).content
        assert page.count(b"<tr data-key=") == 1
    assert b"<tr data-key=" in browser.get("/w/acme/runs/", {"q": "STRASSE évaluation"}).content
    for model in (Run, Sampler):
        assert run.id in model.objects.get().search_text
    run.name = "renamed"
    assert poll(after=60) == 1
    assert b"<tr data-key=" in browser.get("/w/acme/runs/", {"q": "Renamed"}).content
    assert b"<tr data-key=" not in browser.get("/w/acme/runs/", {"q": "strasse"}).content


def test_who_was_erased_is_no_longer_found(browser: Client, acme: Workspace, now: datetime) -> None:
    event: Any = {"workspace": "acme", "action": "x.y", "outcome": "observed", "now": now}
    record_event(**event, person="Joan@example.com", target_id="d1", reason="mine")
    record_event(**event, person="x@example.com", target_id="d2", reason="ask joan@example.com")
    erase_person("joan@example.com", by="x@example.com", reason="asked", now=timezone.now())
    assert [
        text for text in SearchText.objects.values_list("text", flat=True) if "joan" in text
    ] == []
    assert b"<tr data-key=" not in browser.get("/w/acme/audit/", {"q": "joan"}).content
    assert b"<tr data-key=" in browser.get("/w/acme/audit/", {"q": "d1"}).content


@pytest.mark.parametrize("noun", [*FIELDS, "deactivations"])
@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("é" * 301, "Search for at most 300 characters."),
        ("é " * 11, "Search for at most 10 words."),
    ],
)
def test_a_long_search_is_refused_at_its_field(
    noun: str, search: str, said: str, browser: Client, acme: Workspace
) -> None:
    answer = browser.get(f"/w/acme/{noun}/", {"q": search, "seen": "yes"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'<p class="error" id="q-error" role="alert">{said}</p>' in page
    assert f'name="q" value="{search.strip()}"' in page
    assert 'aria-invalid="true" aria-describedby="q-error"' in page
    part = {"hx-request": "true", "hx-target": "live"}
    answer = browser.get(f"/w/acme/{noun}/", {"q": search}, headers=part)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert 'id="q-error" role="alert" hx-swap-oob="true"' in answer.content.decode()


@pytest.mark.parametrize("noun", FIELDS)
def test_the_api_refuses_a_long_search(noun: str, vic: User, acme: Workspace) -> None:
    headers = {"Authorization": f"Bearer {create_token(vic, acme).secret}"}
    for search, said in {
        "a " * 11: "at most 10 words.",
        "a" * 301: "at most 300 characters.",
    }.items():
        answer: Any = Client(headers=headers).get(f"/api/v1/w/acme/{noun}/", {"q": search})
        assert answer.status_code == 422
        assert answer.json()["detail"] == f"q: Search for {said}"
