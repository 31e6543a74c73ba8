"""The frame of a list is kept for a person and an address. What differs is shown as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client, override_settings

from loopsweb.accounts.models import Membership, Role, User, Workspace, create_workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import record_event
from loopsweb.keys.models import Key
from loopsweb.resources.lists.models import SavedView
from loopsweb.resources.models import Run
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.ui.page_frame import fill_holes, mark_hole
from tests.personas import login_as
from tests.resources.rows import add_row

LIST = "/w/acme/runs/"
VIEWS = "/w/acme/lists/runs/views/"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
CHANGING = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|\d\d:\d\d:\d\d(\+00:00)?')


def read(browser: Client) -> str:
    return browser.get(LIST).content.decode()


def test_a_kept_frame_is_the_page_that_was_rendered(alice: User, acme: Workspace) -> None:
    add_row(Run, acme, "run_1", status="ACTIVE")
    browser = login_as(alice)
    first, second = read(browser), read(browser)
    assert CHANGING.sub("", first) == CHANGING.sub("", second)
    assert "hole-" not in first


def test_every_form_has_the_browsers_own_token(alice: User, vic: User, acme: Workspace) -> None:
    for number, person in enumerate((alice, vic, alice)):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(person)
        tokens = set(TOKEN.findall(read(browser)))
        assert len(tokens) == 1
        sent = {"name": f"Mine {number}", "query": "", "csrfmiddlewaretoken": tokens.pop()}
        assert browser.post(VIEWS, sent).status_code == 302
    assert [view.person for view in SavedView.objects.order_by("name")] == [alice, vic, alice]


def rename_person(person: User, _acme: Workspace) -> None:
    person.name = "Vica"
    person.save()


def promote(person: User, acme: Workspace) -> None:
    acme.team.memberships.filter(user=person).update(role=Role.OPERATOR)


def rename_workspace(_person: User, acme: Workspace) -> None:
    acme.name = "Acme Labs"
    acme.save()


def add_workspace(_person: User, acme: Workspace) -> None:
    create_workspace(name="Second", team=acme.team)


def share_view(_person: User, acme: Workspace) -> None:
    SavedView.objects.create(workspace=acme, person=None, noun="runs", name="Burning")


def rename_view(_person: User, acme: Workspace) -> None:
    SavedView.objects.filter(name="Idle").update(name="Idling")


CHANGES = [
    (rename_person, "Vica"),
    (promote, "/w/acme/runs/new/"),
    (rename_workspace, "Acme Labs"),
    (add_workspace, "Second"),
    (share_view, "Burning"),
    (rename_view, "Idling"),
]


@pytest.mark.parametrize(("change", "text"), CHANGES, ids=[one.__name__ for one, *_ in CHANGES])
def test_what_changed_is_shown_at_once(
    change: Callable[[User, Workspace], None], text: str, vic: User, acme: Workspace
) -> None:
    SavedView.objects.create(workspace=acme, person=None, noun="runs", name="Idle")
    browser = login_as(vic)
    before = text in read(browser)
    change(vic, acme)
    assert (before, text in read(browser)) == (False, True)


def test_a_frame_is_nobody_elses(alice: User, vic: User, acme: Workspace) -> None:
    assert "alice@example.com" in read(login_as(alice))
    page = read(login_as(vic))
    assert ("vic@example.com" in page, "alice" in page.lower()) == (True, False)


def test_who_left_sees_it_no_more(vic: User, acme: Workspace) -> None:
    browser = login_as(vic)
    read(browser)
    Membership.objects.filter(user=vic, team=acme.team).delete()
    assert browser.get(LIST).status_code == 404


def test_looks_and_settings(vic: User, acme: Workspace) -> None:
    browser = login_as(vic)
    read(browser)
    browser.cookies[settings.THEME_COOKIE_NAME] = "dark"
    assert 'data-theme="dark"' in read(browser)
    with override_settings(LOOPSWEB_READ_ONLY=True):
        assert "All actions, including settings" in read(browser)
    assert "All actions, including settings" not in read(browser)


def test_a_message_is_shown_once(alice: User, acme: Workspace) -> None:
    browser = login_as(alice)
    read(browser)
    browser.post(VIEWS, {"name": "Mine", "query": ""})
    assert [read(browser).count("<toast-list") for _ in range(2)] == [1, 0]


def test_what_is_filled_in_is_escaped_unless_it_is_html() -> None:
    frame = f"<p>{mark_hole('version')}</p>{mark_hole('table')}"
    filled = fill_holes(frame, {"version": '"<', "table": mark_hole("other")})
    assert filled == f"<p>&quot;&lt;</p>{mark_hole('other')}"


def test_names_of_holes_in_data_fill_nothing(alice: User, acme: Workspace) -> None:
    add_row(Run, acme, "run_1", name="hole-csrf_token", status="ACTIVE")
    assert "hole-csrf_token" in read(login_as(alice))


@pytest.mark.usefixtures("stopped_clock")
@pytest.mark.parametrize("path", ["/w/acme/", "/w/acme/runs/run_1/"])
def test_a_kept_page_is_the_one_that_was_rendered(path: str, alice: User, acme: Workspace) -> None:
    add_row(Run, acme, "run_1", status="ACTIVE")
    browser = login_as(alice)
    first, second = (browser.get(path) for _ in range(2))
    assert CHANGING.sub("", second.content.decode()) == CHANGING.sub("", first.content.decode())
    assert second["Loopsweb-Version"] == first["Loopsweb-Version"]


@pytest.mark.parametrize("path", ["/w/acme/", "/w/acme/runs/run_1/"])
def test_an_act_is_on_the_next_page(path: str, alice: User, acme: Workspace, key: Key) -> None:
    """Also one that changed nothing of the snapshot, so that its version is as before."""
    add_row(Run, acme, "run_1", status="ACTIVE")
    browser, version = login_as(alice), acme.version
    assert "otto@example.com" not in browser.get(path).content.decode()
    record_event(
        workspace="acme",
        action="run.deactivate",
        outcome=Outcome.REFUSED,
        now=datetime.now(UTC),
        person="otto@example.com",
        target_noun="run",
        target_id="run_1",
    )
    acme.refresh_from_db()
    assert acme.version == version
    assert "otto@example.com" in browser.get(path).content.decode()


def test_what_is_gone_is_gone_at_once(alice: User, acme: Workspace) -> None:
    run, browser = add_row(Run, acme, "run_1"), login_as(alice)
    assert browser.get("/w/acme/runs/run_1/").status_code == 200
    run.delete()
    touch_version(acme)
    assert browser.get("/w/acme/runs/run_1/").status_code == 404
