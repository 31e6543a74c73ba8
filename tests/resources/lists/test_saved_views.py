"""Views of lists, saved for oneself or for the team."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.erasure import erase_person
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from loopsweb.resources.lists.models import MAX_VIEWS, SavedView
from loopsweb.resources.models import Deactivation, Run
from tests.personas import login_as
from tests.resources.rows import add_row

LIST = "/w/acme/runs/"
VIEWS = "/w/acme/lists/runs/views/"
QUERY = "?status=ACTIVE&sort=-cost&page=3&v=9"


def save(browser: Client, name: str, *, for_team: bool = False, query: str = QUERY) -> int:
    sent = {"name": name, "query": query} | ({"for_team": "on"} if for_team else {})
    return browser.post(VIEWS, sent).status_code


def list_views(browser: Client) -> list[str]:
    views = browser.get(VIEWS).context["views"]
    return [view.name for view in views]


def test_a_view_keeps_filters_and_order_but_no_page(vic: User, acme: Workspace) -> None:
    add_row(Run, acme, "run_1", status="ACTIVE")
    browser = login_as(vic)
    assert "/lists/runs/views/?query=" in browser.get(LIST).content.decode()
    assert save(browser, "Mine & costly") == 302
    [view] = SavedView.objects.all()
    assert view.get_absolute_url() == f"{LIST}?status=ACTIVE&sort=-cost"
    page = browser.get(LIST).content.decode()
    assert 'href="/w/acme/runs/?status=ACTIVE&amp;sort=-cost"' in page
    assert "Mine &amp; costly" in page


@pytest.mark.parametrize(
    ("listed", "query"),
    [("audit", "outcome=confirmed&since=2026-11-01"), ("deactivations", "state=open")],
)
def test_the_audit_and_the_requests_have_views_and_a_number_of_rows_too(
    listed: str, query: str, vic: User, acme: Workspace, now: datetime
) -> None:
    for n in range(26):
        event = record_event(workspace=acme.slug, action="test", outcome="confirmed", now=now)
        Deactivation.objects.create(
            workspace=acme, noun="run", target_remote_id=f"r{n}", person="olga@example.com",
            requested_at=now, ask_at=now, state_since=now, incident=event.incident, state="waiting",
        )  # fmt: skip
    browser = login_as(vic)
    url, views = f"/w/acme/{listed}/", f"/w/acme/lists/{listed}/views/"
    shown = unescape(browser.get(f"{url}?{query}").content.decode())
    assert f'href="{views}?query={quote("?" + query, safe="")}"' in shown
    sent = {"name": "Mine", "query": f"?{query}&page=2"}
    assert browser.post(views, sent)["Location"] == f"{url}?{query}"
    assert f'<a href="{url}">{listed.capitalize()}</a>' in browser.get(views).content.decode()
    page = browser.get(url).content.decode()
    assert unescape(page).count(f'href="{url}?{query}"') == 1
    assert "of 26 " not in page
    browser.post(f"/w/acme/lists/{listed}/columns/", {"size": "25"}, HTTP_REFERER=url)
    assert "of 26 " in browser.get(url).content.decode()


def test_everyone_sees_the_teams_views_and_oneself_ones_own(
    otto: User, vic: User, alice: User, acme: Workspace
) -> None:
    save(login_as(otto), "Burning", for_team=True)
    save(login_as(otto), "Ottos")
    save(login_as(vic), "Vics", for_team=True)  # is not asked: a viewer cannot share
    names = [list_views(login_as(one)) for one in (otto, vic, alice)]
    seen = [sorted(each) for each in names]
    assert seen == [["Burning", "Ottos"], ["Burning", "Vics"], ["Burning"]]
    assert list(Event.objects.filter(action="view.save").values_list("person", flat=True)) == [
        "otto@example.com"
    ]


def test_a_view_is_renamed_and_deleted_by_whoever_may(
    otto: User, vic: User, alice: User, acme: Workspace
) -> None:
    save(login_as(otto), "Burning", for_team=True)
    save(login_as(otto), "Ottos")
    team, own = (SavedView.objects.get(name=name) for name in ("Burning", "Ottos"))

    def change(person: User, view: SavedView, what: str) -> int:
        url = reverse(f"lists:{what}", args=["acme", "runs", view.pk])
        return login_as(person).post(url, {"name": "New name"}).status_code

    assert [change(vic, team, "rename"), change(vic, team, "delete")] == [403, 403]
    assert [change(alice, own, "rename"), change(alice, own, "delete")] == [404, 404]
    assert change(alice, team, "rename") == 302
    assert list_views(login_as(vic)) == ["New name"]
    assert [change(otto, own, "delete"), change(otto, team, "delete")] == [302, 302]
    assert SavedView.objects.count() == 0
    actions = Event.objects.filter(target_noun="view", outcome="succeeded").order_by("sequence")
    assert list(actions.values_list("action", flat=True)) == [
        "view.save",
        "view.rename",
        "view.delete",
    ]


def test_a_name_is_taken_once_and_the_number_is_bounded(otto: User, acme: Workspace) -> None:
    browser = login_as(otto)
    SavedView.objects.bulk_create(
        SavedView(workspace=acme, person=otto, noun="runs", name=f"view {n}")
        for n in range(MAX_VIEWS - 1)
    )
    answer = browser.post(VIEWS, {"name": "view 1", "query": QUERY})
    assert answer.status_code == 422
    assert "There is a view of this name." in answer.content.decode()
    assert save(browser, "view 1", for_team=True) == 302
    assert [save(browser, "last"), save(browser, "one more")] == [302, 422]
    last = reverse("lists:rename", args=["acme", "runs", SavedView.objects.get(name="last").pk])
    told = browser.post(last, {"name": "view 1"}, follow=True).content.decode()
    assert "It kept its name: There is a view of this name." in told
    browser.post(last, {"name": "the last"})
    assert sorted(list_views(browser))[:2] == ["the last", "view 0"]


@pytest.mark.parametrize(
    ("name", "query"), [("", ""), ("x" * 61, ""), ("a\u202eb", ""), ("x", "y" * 2001)]
)
def test_bad_input_is_kept_with_its_message(
    name: str, query: str, vic: User, acme: Workspace
) -> None:
    answer = login_as(vic).post(VIEWS, {"name": name, "query": query})
    assert answer.status_code == 422
    assert answer.context["form"]["name"].value() == name
    assert answer.context["form"].errors


def test_a_list_costs_the_same_queries_whatever_the_views(otto: User, acme: Workspace) -> None:
    browser, counts = login_as(otto), []
    for number in (1, 9):
        for n in range(number):
            SavedView.objects.create(workspace=acme, noun="runs", name=f"{number} {n}")
        browser.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            browser.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_nothing_is_saved_in_read_only_mode(
    otto: User, acme: Workspace, settings: Settings
) -> None:
    settings.LOOPSWEB_READ_ONLY = True
    assert save(login_as(otto), "x") == 403
    assert login_as(otto).post("/w/acme/lists/runs/columns/", {"size": "25"}).status_code == 403


def test_a_list_that_there_is_not_has_no_views(otto: User, acme: Workspace) -> None:
    assert login_as(otto).get("/w/acme/lists/things/views/").status_code == 404


def test_views_that_name_an_erased_person_are_deleted(acme: Workspace, now: datetime) -> None:
    for name, query in (
        ("Anns", "owner=ann%40example.com"),
        ("of ann@example.com", ""),
        ("Joanns", "owner=joann%40example.com"),
    ):
        SavedView.objects.create(workspace=acme, noun="runs", name=name, query=query)

    erase_person("ann@example.com", by="ops", reason="asked", now=now)

    assert [view.name for view in SavedView.objects.all()] == ["Joanns"]


def test_the_page_says_what_a_view_would_save(acme: Workspace, otto: User) -> None:
    url = reverse("lists:views", args=[acme.slug, "runs"])
    query = urlencode({"query": "?q=llama&status=ACTIVE&sort=-created&page=3"})
    page = login_as(otto).get(f"{url}?{query}")
    assert page.context["saved"] == [
        ("Search", "llama"),
        ("Order", "Created, descending"),
        ("Status", "ACTIVE"),
    ]
    assert "<dt>Search</dt><dd>llama</dd>" in page.content.decode()
    whole = login_as(otto).get(f"{url}?query=").content.decode()
    assert "nothing is searched or filtered" in whole


def test_the_open_view_is_marked(acme: Workspace, otto: User) -> None:
    for name, query in (("mine", "status=ACTIVE&q=a"), ("other", "status=ACTIVE")):
        SavedView.objects.create(workspace=acme, person=otto, noun="runs", name=name, query=query)
    browser, url = login_as(otto), reverse("runs:list", args=[acme.slug])

    def list_marked(query: str) -> list[str]:
        page = browser.get(f"{url}?{query}").content.decode()
        bar = page.partition('aria-label="Saved views"')[2].partition("</nav>")[0]
        return re.findall(r'aria-current="page">([^<]+)</a>', bar)

    assert list_marked("q=a&status=ACTIVE&target=&page=2") == ["mine"]
    assert list_marked("status=ACTIVE") == ["other"]
    assert list_marked("") == []
