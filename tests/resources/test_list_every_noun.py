"""What holds for the list of every noun."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deployment, Run
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.store import bump
from tests.personas import client_of
from tests.resources.rows import MODELS, SEEN_AT, seen, seen_many

NOUNS = list(MODELS)
HOSTILE = [
    "<script>alert(1)</script>",
    "n" * 255,
    "\u202eאבג",
    "🦙/%2F?#&\"'",
    "=cmd|' /C calc'!A0",
]


def url_of(noun: str, workspace: Workspace, query: str = "") -> str:
    return reverse(f"{noun}:list", args=[workspace.slug]) + query


@pytest.fixture
def browser(alice: User) -> Client:
    return client_of(alice)


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("query", ["", "?q=s-&seen=yes"])
def test_the_queries_are_few_and_the_same_for_any_number_of_rows(
    noun: str, query: str, browser: Client, acme: Workspace, key: Key
) -> None:
    browser.get(url_of(noun, acme))
    counts = []
    for count in (1, 3, 50):
        for model in MODELS.values():
            model.objects.all().delete()
        seen_many(noun, acme, count)
        bump(acme)
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(url_of(noun, acme, query))
        assert answer.content.count(b"<tr data-key=") == count
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 8


@pytest.mark.parametrize("noun", NOUNS)
def test_a_list_seen_before_costs_no_query_of_its_rows(
    noun: str, browser: Client, acme: Workspace, key: Key
) -> None:
    seen_many(noun, acme, 3)
    first = browser.get(url_of(noun, acme))
    with CaptureQueriesContext(connection) as queries:
        again = browser.get(url_of(noun, acme))
    table = MODELS[noun]._meta.db_table
    assert [query["sql"] for query in queries if table in query["sql"]] == []
    assert again.content.count(b"<tr data-key=") == first.content.count(b"<tr data-key=") == 3


@pytest.mark.parametrize("noun", NOUNS)
def test_an_unchanged_live_poll_is_an_empty_204_that_says_how_old_it_is(
    noun: str, browser: Client, acme: Workspace, key: Key
) -> None:
    state = PollState.objects.get(key=key)
    state.feeds = {name: {"as_of": SEEN_AT.isoformat()} for name in NOUNS}
    state.save()
    page = browser.get(url_of(noun, acme))
    version = page["Loopsweb-Version"]
    assert f'data-version="{version}"' in page.content.decode()
    poll = {"hx-request": "true", "hx-target": "live"}
    answer = browser.get(url_of(noun, acme, f"?v={version}"), headers=poll)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Loopsweb-As-Of"] == "2026-11-23T21:00:00Z"
    bump(acme)
    answer = browser.get(url_of(noun, acme, f"?v={version}"), headers=poll)
    assert answer.status_code == 200
    assert answer["Loopsweb-Version"] != version
    assert "HX-Push-Url" not in answer
    assert b"<html" not in answer.content
    assert b'id="freshness" data-state="late" hx-swap-oob="true"' in answer.content


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_are_shown_as_text_and_lead_to_their_page(
    noun: str, hostile: str, browser: Client, acme: Workspace
) -> None:
    fields = {} if noun == "sessions" else {"base_model": hostile}
    if noun in {"runs", "checkpoints"}:
        fields["name"] = hostile
    row = seen(MODELS[noun], acme, hostile, **fields)
    listed = browser.get(url_of(noun, acme)).content.decode()
    assert "<script>alert" not in listed
    link = reverse(f"{noun}:detail", args=[acme.slug, row.remote_id])
    assert f'href="{link}"'.replace("&", "&amp;") in listed.replace("&#x27;", "'")
    detail = browser.get(link)
    assert detail.status_code == 200
    assert "<script>alert" not in detail.content.decode()


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    "query",
    [
        *("?page=x", "?page=-1", "?page=99999999999999999999", "?sort=password", "?sort=-"),
        *("?q=%00", "?status=NOPE", "?seen=NOPE", f"?q={'a' * 3000}", "?format=xml", "?v="),
        "?q=%FF%FE",
    ],
)
def test_what_the_url_says_wrongly_is_passed_over(
    noun: str, query: str, browser: Client, acme: Workspace
) -> None:
    seen_many(noun, acme, 1)
    assert browser.get(url_of(noun, acme, query)).status_code == 200


@pytest.mark.parametrize("noun", NOUNS)
def test_an_outsider_finds_nothing(noun: str, mallory: User, acme: Workspace) -> None:
    seen_many(noun, acme, 1)
    outsider = client_of(mallory)
    assert outsider.get(url_of(noun, acme)).status_code == 404
    detail = reverse(f"{noun}:detail", args=[acme.slug, f"{noun}-0"])
    assert outsider.get(detail).status_code == 404
    own = mallory.teams.get().workspaces.get()
    assert outsider.get(url_of(noun, own)).content.count(b"<tr data-key=") == 0
    assert outsider.get(reverse(f"{noun}:detail", args=[own.slug, f"{noun}-0"])).status_code == 404


@pytest.mark.parametrize("noun", NOUNS)
def test_three_different_silences(noun: str, browser: Client, acme: Workspace, key: Key) -> None:
    state = PollState.objects.get(key=key)
    state.feeds = {}
    state.save()
    page = browser.get(url_of(noun, acme)).content.decode()
    assert "<h2>Not read yet</h2>" in page
    state.feeds = {name: {"as_of": SEEN_AT.isoformat()} for name in NOUNS}
    state.save()
    page = browser.get(url_of(noun, acme)).content.decode()
    assert f"<h2>No {noun}</h2>" in page
    seen_many(noun, acme, 1)
    bump(acme)
    page = browser.get(url_of(noun, acme, "?q=nowhere")).content.decode()
    assert "<h2>Nothing matches these filters</h2>" in page


def test_without_a_key_the_way_to_one_is_shown(browser: Client, acme: Workspace) -> None:
    page = browser.get(url_of("runs", acme)).content.decode()
    assert "<h2>No API key in this workspace yet</h2>" in page


@pytest.mark.parametrize("noun", NOUNS)
def test_csv_holds_the_whole_filtered_list_and_no_formula(
    noun: str, browser: Client, acme: Workspace
) -> None:
    seen_many(noun, acme, 60)
    seen(MODELS[noun], acme, "=SUM(A1)")
    answer = browser.get(url_of(noun, acme, "?format=csv"))
    assert isinstance(answer, StreamingHttpResponse)
    text = b"".join(answer).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1 + 61
    ids = {cell for row in rows for cell in row}
    assert "'=SUM(A1)" in ids
    assert "=SUM(A1)" not in ids
    assert "not-read-yet.csv" in answer["Content-Disposition"]
    narrowed = browser.get(url_of(noun, acme, f"?format=csv&q={noun}-59"))
    assert isinstance(narrowed, StreamingHttpResponse)
    assert len(b"".join(narrowed).splitlines()) == 2


@pytest.mark.parametrize("noun", NOUNS)
def test_pages_of_fifty(noun: str, browser: Client, acme: Workspace) -> None:
    for n in range(53):
        seen(MODELS[noun], acme, f"{noun}-{n:03}")
    first = browser.get(url_of(noun, acme, "?sort=id")).content.decode()
    assert f"1\u201350 of 53 {noun}" in first
    last = browser.get(url_of(noun, acme, "?page=2")).content.decode()
    assert last.count("<tr data-key=") == 3
    assert "Page 2 of 2" in browser.get(url_of(noun, acme, "?page=7")).content.decode()


def test_one_workspaces_table_is_never_shown_in_another(
    alice: User, mallory: User, acme: Workspace
) -> None:
    seen(Run, acme, "run-of-acme")
    other = mallory.teams.get().workspaces.get()
    seen(Run, other, "run-of-mallory")
    assert b"run-of-acme" in client_of(alice).get(url_of("runs", acme)).content
    page = client_of(mallory).get(url_of("runs", other)).content
    assert (b"run-of-mallory" in page, b"run-of-acme" in page) == (True, False)


def test_a_higher_roles_actions_are_never_shown_to_a_lower(
    otto: User, vic: User, acme: Workspace
) -> None:
    seen(Deployment, acme, "dep-1", status="RUNNING")
    stop = reverse("deactivations:new", args=[acme.slug, "deployments", "dep-1"])
    for person, offered in ((otto, True), (vic, False), (otto, True)):
        page = client_of(person).get(url_of("deployments", acme)).content.decode()
        assert (f'href="{stop}"' in page) is offered


@pytest.fixture
def five_runs(acme: Workspace) -> None:
    for n, status in enumerate(["ACTIVE", "ACTIVE", "INACTIVE", "ODD", ""]):
        seen(Run, acme, f"r{n}", status=status, name=f"name {'edcba'[n]}", base_model="Qwen/Qwen")


def ids_on(page: str) -> list[str]:
    return [
        f"r{n}" for n in sorted(range(5), key=lambda n: page.find(f"/r{n}/")) if f"/r{n}/" in page
    ]


@pytest.mark.usefixtures("five_runs")
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["r4", "r3", "r2", "r1", "r0"]),
        ("?sort=id", ["r0", "r1", "r2", "r3", "r4"]),
        ("?sort=-id", ["r4", "r3", "r2", "r1", "r0"]),
        ("?sort=name", ["r4", "r3", "r2", "r1", "r0"]),
        ("?status=ACTIVE", ["r1", "r0"]),
        ("?status=ODD", ["r3"]),
        ("?status=-", ["r4"]),
        ("?status=NOPE", []),
        ("?q=name+D", ["r1"]),
        ("?q=NAME+qwen", ["r4", "r3", "r2", "r1", "r0"]),
        ("?q=r2&status=ACTIVE", []),
    ],
)
def test_filters_search_and_sort(
    query: str, ids: list[str], browser: Client, acme: Workspace
) -> None:
    assert ids_on(browser.get(url_of("runs", acme, query)).content.decode()) == ids


@pytest.mark.usefixtures("five_runs")
def test_a_filter_sent_by_htmx_answers_the_table_and_the_shortest_url(
    browser: Client, acme: Workspace
) -> None:
    answer = browser.get(
        url_of("runs", acme, "?q=&status=ACTIVE&owner=&sort=-created"),
        headers={"hx-request": "true", "hx-target": "live"},
    )
    assert answer["HX-Push-Url"] == url_of("runs", acme, "?status=ACTIVE")
    assert b"<html" not in answer.content


def test_what_is_missing_is_never_called_stopped(browser: Client, acme: Workspace) -> None:
    seen(Deployment, acme, "dep-1", status="RUNNING", missing_since=SEEN_AT)
    page = browser.get(url_of("deployments", acme)).content.decode()
    assert "not in the answers since" in page
    assert "STOPPED" not in page
    assert b"dep-1" not in browser.get(url_of("deployments", acme, "?seen=yes")).content
