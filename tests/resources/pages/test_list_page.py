"""The list page of every noun."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deployment, Run
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.store import touch_version
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, MODELS, add_row, add_rows

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
    return login_as(alice)


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("query", ["", "?q=s-&seen=yes"])
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    noun: str, query: str, browser: Client, acme: Workspace, key: Key
) -> None:
    browser.get(url_of(noun, acme))
    counts = []
    for count in (1, 3, 50):
        for model in MODELS.values():
            model.objects.all().delete()
        add_rows(noun, acme, count)
        touch_version(acme)
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(url_of(noun, acme, query))
        assert answer.content.count(b"<tr data-key=") == count
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 12


@pytest.mark.parametrize("noun", NOUNS)
def test_a_cached_list_does_not_query_its_rows(
    noun: str, browser: Client, acme: Workspace, key: Key
) -> None:
    add_rows(noun, acme, 3)
    first = browser.get(url_of(noun, acme))
    with CaptureQueriesContext(connection) as queries:
        again = browser.get(url_of(noun, acme))
    table = MODELS[noun]._meta.db_table
    assert [query["sql"] for query in queries if table in query["sql"]] == []
    assert again.content.count(b"<tr data-key=") == first.content.count(b"<tr data-key=") == 3


@pytest.mark.parametrize("noun", NOUNS)
def test_an_unchanged_list_is_an_empty_204_with_its_age(
    noun: str, browser: Client, acme: Workspace, key: Key
) -> None:
    state = PollState.objects.get(key=key)
    state.feeds = {name: {"as_of": FIRST_SEEN_AT.isoformat()} for name in NOUNS}
    state.save()
    page = browser.get(url_of(noun, acme))
    version = page["Loopsweb-Version"]
    assert f'data-version="{version}"' in page.content.decode()
    poll = {"hx-request": "true", "hx-target": "live"}
    answer = browser.get(url_of(noun, acme, f"?v={version}"), headers=poll)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Loopsweb-As-Of"] == "2026-11-23T21:00:00Z"
    touch_version(acme)
    answer = browser.get(url_of(noun, acme, f"?v={version}"), headers=poll)
    assert answer.status_code == 200
    assert answer["Loopsweb-Version"] != version
    assert "HX-Push-Url" not in answer
    assert b"<html" not in answer.content
    assert b'id="freshness" data-state="late" hx-swap-oob="true"' in answer.content


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_are_escaped_and_link_to_their_page(
    noun: str, hostile: str, browser: Client, acme: Workspace
) -> None:
    fields = {} if noun == "sessions" else {"base_model": hostile}
    if noun in {"runs", "checkpoints"}:
        fields["name"] = hostile
    row = add_row(MODELS[noun], acme, hostile, **fields)
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
        *("?q=%00", "?status=NOPE", "?seen=NOPE", "?format=xml", "?v="),
        "?q=%FF%FE",
    ],
)
def test_invalid_query_parameters_are_ignored(
    noun: str, query: str, browser: Client, acme: Workspace
) -> None:
    add_rows(noun, acme, 1)
    assert browser.get(url_of(noun, acme, query)).status_code == 200


@pytest.mark.parametrize("noun", NOUNS)
def test_outsiders_get_404(noun: str, mallory: User, acme: Workspace) -> None:
    add_rows(noun, acme, 1)
    outsider = login_as(mallory)
    assert outsider.get(url_of(noun, acme)).status_code == 404
    detail = reverse(f"{noun}:detail", args=[acme.slug, f"{noun}-0"])
    assert outsider.get(detail).status_code == 404
    own = mallory.teams.get().workspaces.get()
    assert outsider.get(url_of(noun, own)).content.count(b"<tr data-key=") == 0
    assert outsider.get(reverse(f"{noun}:detail", args=[own.slug, f"{noun}-0"])).status_code == 404


@pytest.mark.parametrize("noun", NOUNS)
def test_empty_lists_say_whether_they_were_polled_filtered_or_are_empty(
    noun: str, browser: Client, acme: Workspace, key: Key
) -> None:
    state = PollState.objects.get(key=key)
    state.feeds = {}
    state.save()
    page = browser.get(url_of(noun, acme)).content.decode()
    assert "<h2>Not read yet</h2>" in page
    state.feeds = {name: {"as_of": FIRST_SEEN_AT.isoformat()} for name in NOUNS}
    state.save()
    page = browser.get(url_of(noun, acme)).content.decode()
    assert f"<h2>No {noun}</h2>" in page
    add_rows(noun, acme, 1)
    touch_version(acme)
    page = browser.get(url_of(noun, acme, "?q=nowhere")).content.decode()
    assert "<h2>Nothing matches these filters</h2>" in page


def test_a_list_without_a_key_links_to_adding_one(browser: Client, acme: Workspace) -> None:
    page = browser.get(url_of("runs", acme)).content.decode()
    assert "<h2>No API key in this workspace yet</h2>" in page


@pytest.mark.parametrize("noun", NOUNS)
def test_csv_has_the_whole_filtered_list_and_no_formula(
    noun: str, browser: Client, acme: Workspace
) -> None:
    add_rows(noun, acme, 60)
    add_row(MODELS[noun], acme, "=SUM(A1)")
    answer: Any = browser.post(url_of(noun, acme))
    assert answer.streaming
    text = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1 + 61
    ids = {cell for row in rows for cell in row}
    assert "'=SUM(A1)" in ids
    assert "=SUM(A1)" not in ids
    assert "not-read-yet.csv" in answer["Content-Disposition"]
    narrowed = browser.post(url_of(noun, acme, f"?q={noun}-59"))
    assert narrowed.streaming
    assert len(narrowed.getvalue().splitlines()) == 2


@pytest.mark.parametrize("noun", NOUNS)
def test_a_page_has_fifty_rows(noun: str, browser: Client, acme: Workspace) -> None:
    for n in range(53):
        add_row(MODELS[noun], acme, f"{noun}-{n:03}")
    first = browser.get(url_of(noun, acme, "?sort=id")).content.decode()
    assert f"1\u201350 of 53 {noun}" in first
    last = browser.get(url_of(noun, acme, "?page=2")).content.decode()
    assert last.count("<tr data-key=") == 3
    assert "Page 2 of 2" in browser.get(url_of(noun, acme, "?page=7")).content.decode()


def test_cached_tables_are_kept_apart_by_workspace(
    alice: User, mallory: User, acme: Workspace
) -> None:
    add_row(Run, acme, "run-of-acme")
    other = mallory.teams.get().workspaces.get()
    add_row(Run, other, "run-of-mallory")
    assert b"run-of-acme" in login_as(alice).get(url_of("runs", acme)).content
    page = login_as(mallory).get(url_of("runs", other)).content
    assert (b"run-of-mallory" in page, b"run-of-acme" in page) == (True, False)


def test_cached_tables_are_kept_apart_by_role(otto: User, vic: User, acme: Workspace) -> None:
    add_row(Deployment, acme, "dep-1", status="RUNNING")
    stop = reverse("deactivations:new", args=[acme.slug, "deployments", "dep-1"])
    for person, offered in ((otto, True), (vic, False), (otto, True)):
        page = login_as(person).get(url_of("deployments", acme)).content.decode()
        assert (f'href="{stop}"' in page) is offered


def test_missing_rows_are_not_called_stopped(browser: Client, acme: Workspace) -> None:
    add_row(Deployment, acme, "dep-1", status="RUNNING", missing_since=FIRST_SEEN_AT)
    page = browser.get(url_of("deployments", acme)).content.decode()
    assert "not listed since" in page
    assert "STOPPED" not in page
    assert b"dep-1" not in browser.get(url_of("deployments", acme, "?seen=yes")).content
