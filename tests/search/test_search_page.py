"""One search finds whatever the person may see, and leads to the only thing of that name."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import record_event
from loopsweb.resources.models import (
    Batch,
    Checkpoint,
    Cleanup,
    Deactivation,
    Deployment,
    Run,
    Sampler,
)
from loopsweb.search import rows
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, MODELS, add_row

URI = "bt://loops:k4q95w5/weights/step-100"
HIT = re.compile(
    r'role="option"[^>]*href="([^"]*)">.*?class="name[^>]*>([^<]*)<.*?class="kind">([^<]*)<',
    re.DOTALL,
)
ACTIVE = {"status": "RUNNING", "owner_email": "grace@example.com", "base_model": "Qwen/Qwen3-8B"}


def search(person: User, typed: str, workspace: Workspace) -> list[tuple[str, str, str]]:
    """(kind, label, URL) of what is found while one types."""
    answer = ask(login_as(person), typed, workspace, is_typing=True)
    assert answer.status_code == 200
    hits = HIT.findall(answer.content.decode())
    return [(kind, unescape(label), unescape(url)) for url, label, kind in hits]


def ask(browser: Client, typed: str, workspace: Workspace, *, is_typing: bool = False) -> Any:
    headers = {"HX-Request": "true", "HX-Target": "found"} if is_typing else {}
    url = reverse("search-workspace", args=[workspace.slug])
    return browser.get(url, {"q": typed}, headers=headers)


def lead(person: User, typed: str, workspace: Workspace) -> str:
    """Where Enter leads; "" for the results."""
    return str(ask(login_as(person), typed, workspace).get("Location", ""))


@pytest.fixture
def checkpoint(acme: Workspace) -> Checkpoint:
    add_row(Run, acme, "k4q95w5", name="first sweep", owner_email="grace@example.com")
    fields = {"run_remote_id": "k4q95w5", "target": "trainer", "name": "step-100"}
    return add_row(Checkpoint, acme, "ck_1", **fields)


@pytest.mark.parametrize("noun", ["deployments", "runs", "samplers", "checkpoints", "sessions"])
def test_an_exact_id_leads_to_its_page(noun: str, alice: User, acme: Workspace) -> None:
    for remote_id in ("abc_1", "abc_12", "ABC_1"):
        add_row(MODELS[noun], acme, remote_id)
    assert lead(alice, " abc_1 ", acme) == ""  # ABC_1 is called so too
    assert lead(alice, "abc_12", acme) == reverse(f"{noun}:detail", args=[acme.slug, "abc_12"])


@pytest.mark.parametrize(
    "spelled",
    [
        URI,
        f'"{URI}"',
        f"  <{URI}>,",
        URI.replace("loops", "trainers"),
        URI.replace("bt://", "BT://"),
        URI.removeprefix("bt://"),
        quote(URI, safe=""),
    ],
)
def test_a_uri_in_any_spelling_leads_to_its_checkpoint(
    spelled: str, checkpoint: Checkpoint, alice: User, acme: Workspace
) -> None:
    assert lead(alice, spelled, acme) == reverse("checkpoints:detail", args=[acme.slug, "ck_1"])


def test_a_uri_that_was_not_read_can_be_asked_for(alice: User, acme: Workspace) -> None:
    url = f"/w/acme/checkpoints/?checkpoint_path={quote(URI, safe='')}"
    assert search(alice, URI, acme) == [("Action", f"Ask the API for {URI}", url)]


def test_the_beginning_of_a_uri_finds_the_run(
    checkpoint: Checkpoint, alice: User, acme: Workspace
) -> None:
    found = search(alice, "bt://loops:k4q95w5/", acme)
    assert [label for _, label, _ in found] == ["ck_1", "Checkpoints of k4q95w5"]


def test_parts_of_words_find_rows_people_and_models(
    checkpoint: Checkpoint, alice: User, vic: User, acme: Workspace
) -> None:
    add_row(Deployment, acme, "dep_uso3eo", **ACTIVE)
    labels = {typed: [label for _, label, _ in search(vic, typed, acme)] for typed in
              ("SWEEP first", "uso3", "qwen3", "grac", "Alice", "no such thing")}  # fmt: skip
    assert labels == {
        "SWEEP first": ["k4q95w5"],
        "uso3": ["dep_uso3eo"],
        "qwen3": ["Qwen/Qwen3-8B", "dep_uso3eo"],
        "grac": ["grace@example.com", "k4q95w5", "dep_uso3eo"],
        "Alice": ["alice@example.com"],
        "no such thing": [],
    }
    [(_, _, url), _] = search(vic, "qwen3", acme)
    assert url == "/w/acme/deployments/?base_model=Qwen%2FQwen3-8B"


def test_pages_and_actions_are_those_the_person_may_use(
    alice: User, otto: User, vic: User, acme: Workspace
) -> None:
    add_row(Deployment, acme, "dep_1", **ACTIVE)
    opens = reverse("deactivations:new", args=[acme.slug, "deployments", "dep_1"])
    for person, may_end, may_manage in (
        (alice, True, True),
        (otto, True, False),
        (vic, False, False),
    ):
        found = {label: url for _, label, url in search(person, "deactivate dep_1", acme)}
        assert (found.get("Deactivate dep_1") == opens) == may_end
        assert ("New run" in str(search(person, "new", acme))) == may_end
        assert ("Policy" in str(search(person, "policy", acme))) == may_manage
        assert ("Rates" in str(search(person, "rates", acme))) == may_manage
    for typed, name in (
        ("audit", "dashboard:audit"),
        ("timeline", "dashboard:timeline"),
        ("storage of checkpoints", "checkpoints:storage"),
        ("plan a clean-up", "cleanups:plan"),
    ):
        assert lead(vic, typed, acme) == reverse(name, args=[acme.slug])


def test_the_search_of_an_action_sends_nothing(otto: User, acme: Workspace) -> None:
    add_row(Deployment, acme, "dep_1", **ACTIVE)
    assert lead(otto, "deactivate dep_1", acme) == ""
    assert Deactivation.objects.count() == 0


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (Deployment, {"status": "STOPPED"}),
        (Sampler, {"status": "RUNNING", "run_remote_id": "run_1"}),
        (Run, {"status": "ACTIVE", "deployment_remote_id": "dep_1"}),
    ],
)
def test_what_has_ended_or_ends_with_another_is_not_offered(
    model: type[Run], fields: dict[str, str], otto: User, acme: Workspace
) -> None:
    add_row(model, acme, "x1", **fields)
    assert "Deactivate" not in str(search(otto, "deactivate x1", acme))
    assert "Deactivate" not in str(search(otto, "x1", acme))


def test_a_word_before_an_id_leads_to_its_other_pages(
    checkpoint: Checkpoint, vic: User, acme: Workspace
) -> None:
    add_row(Deployment, acme, "dep_1", **ACTIVE)
    for typed, url in {
        "logs dep_1": "/w/acme/deployments/dep_1/logs/",
        "metrics dep_1": "/w/acme/deployments/dep_1/metrics/",
        "Files ck_1": "/w/acme/checkpoints/ck_1/files/",
        "lineage k4q95": "/w/acme/runs/k4q95w5/lineage/",
    }.items():
        assert [found for _, _, found in search(vic, typed, acme)] == [url]


def test_requests_and_audit_events_are_found(otto: User, acme: Workspace, now: datetime) -> None:
    event = record_event(workspace=acme.slug, action="test", outcome="observed", now=now)
    row = Deactivation.objects.create(
        workspace=acme, noun="deployment", target_remote_id="dep_1", person="olga@example.com",
        reason="too dear", requested_at=now, ask_at=now, state="withdrawn", state_since=now,
        incident=event.incident,
    )  # fmt: skip
    assert lead(otto, str(row.incident), acme) == row.get_absolute_url()
    assert lead(otto, "#1", acme) == reverse("dashboard:event", args=[acme.slug, 1])
    assert [label for _, label, _ in search(otto, "too dear", acme)] == ["dep_1"]


def test_the_id_of_a_request_a_batch_or_a_clean_up_leads_to_it_in_any_spelling(
    vic: User, mallory: User, acme: Workspace, now: datetime
) -> None:
    asked = {"workspace": acme, "person": "olga@example.com", "requested_at": now}
    batch = Batch.objects.create(**asked, noun="deployment", reason="too dear")
    cleanup = Cleanup.objects.create(**asked, role="admin", rules={}, days=3)
    trail: Any = {"workspace": acme.slug, "action": "checkpoint.delete", "outcome": "requested"}
    removal = record_event(**trail, now=now)
    record_event(**trail | {"outcome": "succeeded"}, incident=removal.incident, now=now)
    batch_url = reverse("deactivations:batch", args=[acme.slug, batch.uid])
    for uid, url, label in (
        (batch.uid, batch_url, "0 deployments"),
        (cleanup.uid, cleanup.get_absolute_url(), "Expiry of checkpoints"),
        (removal.incident, reverse("dashboard:event", args=[acme.slug, 1]), "#1"),
    ):
        for typed in (f" {uid}", uid.hex, str(uid).upper()):
            assert lead(vic, typed, acme) == url
        assert [found[1:] for found in search(vic, str(uid), acme)] == [(label, url)]
        own = mallory.teams.get().workspaces.get()
        assert search(mallory, str(uid), own) == []
    assert lead(vic, str(uuid4()), acme) == ""


def test_nothing_of_another_workspace_is_found(
    checkpoint: Checkpoint, mallory: User, acme: Workspace
) -> None:
    own = mallory.teams.get().workspaces.get()
    assert search(mallory, "ck_1", own) == []
    assert ask(login_as(mallory), "ck_1", acme).status_code == 404


def test_without_a_workspace_pages_are_found(mallory: User) -> None:
    mallory.memberships.all().delete()
    browser = login_as(mallory)
    assert browser.get("/search/", {"q": "API keys"})["Location"] == reverse("keys:list")
    page = browser.get("/search/", {"q": "team"}).content.decode()
    assert [name in page for name in ("New team", "New run")] == [True, False]


def test_the_number_of_queries_does_not_grow(alice: User, acme: Workspace) -> None:
    counts = []
    for many in (range(1), range(1, 40)):
        for n in many:
            add_row(Deployment, acme, f"dep_{n}", **ACTIVE | {"owner_email": f"p{n}@example.com"})
        browser = login_as(alice)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask(browser, "dep_", acme, is_typing=True)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("number", "lists"), [(6, []), (7, ["All deployments with “dep_”"])])
def test_what_is_not_shown_is_a_list_away(
    number: int, lists: list[str], alice: User, acme: Workspace
) -> None:
    for n in range(number):
        add_row(Deployment, acme, f"dep_{n}")
    found = search(alice, "dep_", acme)
    assert len([label for kind, label, _ in found if kind == "Deployment"]) == 6
    assert [label for kind, label, _ in found if kind == "List"] == lists


def test_a_page_that_searched_the_newest_rows_alone_says_so(
    alice: User, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_SCANNED", 1)
    monkeypatch.setattr(rows, "can_search_all", lambda words: False)
    for name in ("old_1", "new_1"):
        add_row(Deployment, acme, name, created_at=FIRST_SEEN_AT)
    assert [label for _, label, _ in search(alice, "_1", acme)] == ["new_1"]
    assert lead(alice, "old_1", acme) == reverse("deployments:detail", args=[acme.slug, "old_1"])
    page = ask(login_as(alice), "zz", acme).content.decode()
    assert "Only the newest 1 of each kind were searched" in page


def test_a_long_search_is_refused_and_kept(alice: User, acme: Workspace) -> None:
    answer = ask(login_as(alice), "x" * 301, acme)
    assert answer.status_code == 422
    assert "x" * 301 in answer.content.decode()


@given(st.text(max_size=40))
@example("bt://loops:a/b/c\n")
@example("%")
@example("#99999999999999999999")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_has_an_answer(alice: User, acme: Workspace, typed: str) -> None:
    answer = ask(login_as(alice), typed, acme)
    assert answer.status_code in {200, 302}
    if answer.status_code == 200:
        assert answer.context["typed"] in unescape(answer.content.decode())
