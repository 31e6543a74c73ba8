from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from tests.long_text import join_long_text
from tests.personas import login_as


@pytest.fixture
def browser(vic: User) -> Client:
    return login_as(vic)


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("dashboard:audit", args=[acme.slug])


def add_event(now: datetime, **fields: Any) -> Event:
    known = {
        "workspace": "acme",
        "action": "deployment.deactivate",
        "outcome": "requested",
        "person": "otto@example.com",
        "target_noun": "deployment",
        "target_id": "dep_1",
        "reason": "no longer needed",
    }
    return record_event(**(known | fields), now=now)


def count_events(page: str) -> int:
    return page.count("<tr data-key=")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 4),
        ("?person=otto@example.com", 2),
        ("?action=key.add", 1),
        ("?outcome=denied", 1),
        ("?target=key", 1),
        ("?q=dep_2", 1),
        ("?q=unusual+otto", 0),
        ("?q=unusual", 1),
        ("?since=2026-11-23", 3),
        ("?until=2026-11-22", 1),
        ("?since=2026-11-22&until=2026-11-22", 1),
        ("?since=yesterday", 4),
        ("?until=9999-12-31", 4),
        ("?person=nobody", 0),
    ],
)
def test_filters(query: str, count: int, browser: Client, url: str, now: datetime) -> None:
    add_event(now)
    add_event(now - timedelta(days=1), target_id="dep_2")
    add_event(now, person="vic@example.com", outcome="denied", reason="unusual")
    add_event(now, action="key.add", target_noun="key", person="alice@example.com")
    add_event(now, workspace="other")
    answer = browser.get(url + query)
    assert answer.status_code == 200
    assert count_events(answer.content.decode()) == count


def test_the_page_of_an_event_shows_its_incident(browser: Client, url: str, now: datetime) -> None:
    incident = uuid.uuid4()
    first = add_event(now, incident=incident)
    last = add_event(now, incident=incident, outcome="succeeded", answer={"id": "dep_1"})
    page = browser.get(f"{url}{last.sequence}/").content.decode()
    assert f'href="{url}{first.sequence}/"' in page
    assert "&quot;id&quot;: &quot;dep_1&quot;" in page
    assert str(incident) in join_long_text(page)


def test_the_list_groups_the_events_of_an_incident(
    browser: Client, url: str, now: datetime
) -> None:
    incident = uuid.uuid4()
    steps = [
        add_event(now + timedelta(seconds=after), incident=incident, outcome=outcome)
        for after, outcome in ((0, "requested"), (0.4, "succeeded"), (130, "confirmed"))
    ]
    add_event(now, target_id="dep_2")
    page = browser.get(url).content.decode()
    assert count_events(page) == 2
    timeline = re.findall(r'<ol class="timeline.*?</ol>', page)
    assert [re.sub("<[^>]+>", " ", each).split() for each in timeline] == [
        ["requested", "succeeded", "+0.4", "s", "confirmed", "+2", "min", "10", "s"]
    ]
    assert [f'href="{url}{step.sequence}/"' in timeline[0] for step in steps] == [True] * 3
    one_of_them = browser.get(f"{url}?outcome=succeeded").content.decode()
    assert (count_events(one_of_them), one_of_them.count("+0.4\xa0s")) == (1, 1)
    oldest_first = browser.get(f"{url}?sort=at").content.decode()
    assert oldest_first.index(f"{url}{steps[0].sequence}/") < oldest_first.index("dep_2")


def test_an_incident_shows_its_first_event_and_everybody_involved(
    browser: Client, url: str, now: datetime
) -> None:
    incident = uuid.uuid4()
    add_event(now, incident=incident, action="deployment.break_glass", outcome="succeeded")
    add_event(now, incident=incident)
    add_event(now, incident=incident, outcome="approved", person="alice@example.com", reason="ok")
    last = {"action": "deployment.stop", "outcome": "confirmed", "person": "", "reason": ""}
    add_event(now, incident=incident, **last)
    page = browser.get(url).content.decode()
    assert count_events(page) == 1
    rows = page[page.index("<tr data-key=") : page.index("</tbody>")].replace("<wbr>", "")
    words = re.sub("<[^>]+>", " ", rows)
    assert " ".join(words.split()) == (
        "2026-11-23 21:17:00 UTC deployment.break_glass confirmed otto@example.com dep_1 "
        "no longer needed succeeded deployment.deactivate requested approved by alice@example.com "
        "deployment.stop confirmed"
    )


def test_the_target_of_an_event_is_linked(browser: Client, url: str, now: datetime) -> None:
    event = add_event(now)
    page = browser.get(f"{url}{event.sequence}/").content.decode()
    assert 'href="/w/acme/deployments/dep_1/"' in page
    of_the_team = add_event(now, target_noun="team", target_id="")
    assert "Reason" in browser.get(f"{url}{of_the_team.sequence}/").content.decode()


def test_events_of_another_workspace_are_not_found(
    browser: Client, url: str, now: datetime
) -> None:
    event = add_event(now, workspace="other")
    assert browser.get(f"{url}{event.sequence}/").status_code == 404
    assert browser.get(f"{url}{10**30}/").status_code == 404


def test_non_members_get_404(mallory: User, url: str, now: datetime) -> None:
    event = add_event(now)
    outsider = login_as(mallory)
    assert outsider.get(url).status_code == 404
    assert outsider.get(f"{url}{event.sequence}/").status_code == 404


def test_hostile_reasons_are_escaped(browser: Client, url: str, now: datetime) -> None:
    event = add_event(now, reason="<script>alert(1)</script>", target_name="\u202e")
    for address in (url, f"{url}{event.sequence}/"):
        page = browser.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_csv_export(browser: Client, url: str, now: datetime) -> None:
    add_event(now, reason="=1+1")
    answer: Any = browser.post(url)
    assert answer.streaming
    rows = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    [exported] = [row for row in rows if row["action"] == "deployment.deactivate"]
    assert exported["reason"] == "'=1+1"
    assert exported["person"] == "otto@example.com"
    assert exported["at"] == "2026-11-23T21:17:00Z"


def test_the_list_updates_itself(browser: Client, url: str, now: datetime) -> None:
    add_event(now)
    version = browser.get(url)["Loopsweb-Version"]
    poll = {"hx-request": "true", "hx-target": "live"}
    assert browser.get(f"{url}?v={version}", headers=poll).status_code == 204
    add_event(now)
    answer = browser.get(f"{url}?v={version}", headers=poll)
    assert count_events(answer.content.decode()) == 2


def test_the_number_of_queries_is_constant(browser: Client, url: str, now: datetime) -> None:
    browser.get(url)
    counts = []
    for count in (1, 2, 47):
        for _ in range(count):
            add_event(now)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"{url}?q=dep")
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 11  # one for the events of each incident, one for the saved views


def test_only_the_events_of_the_incidents_on_the_page_are_read(
    browser: Client, url: str, now: datetime
) -> None:
    incident = uuid.uuid4()
    for _ in range(20):
        add_event(now)
    for outcome in ("requested", "succeeded", "confirmed"):
        add_event(now, incident=incident, outcome=outcome, target_id="dep_2")
    read: list[str] = []

    def note(instance: Event, **_: object) -> None:
        read.append(instance.target_id)

    post_init.connect(note, sender=Event)
    try:
        browser.get(f"{url}?q=dep_2")
    finally:
        post_init.disconnect(note, sender=Event)

    assert read == ["dep_2"] * 6  # three rows of the list, and the three of their incident
