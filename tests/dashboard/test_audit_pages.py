from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import record
from tests.personas import client_of


@pytest.fixture
def browser(vic: User) -> Client:
    return client_of(vic)


@pytest.fixture
def url(acme: Workspace) -> str:
    return reverse("dashboard:audit", args=[acme.slug])


def happened(now: datetime, **fields: Any) -> Event:
    known = {
        "workspace": "acme",
        "action": "deployment.deactivate",
        "outcome": "requested",
        "person": "otto@example.com",
        "target_noun": "deployment",
        "target_id": "dep_1",
        "reason": "no longer needed",
    }
    return record(**(known | fields), now=now)


def events_on(page: str) -> int:
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
    happened(now)
    happened(now - timedelta(days=1), target_id="dep_2")
    happened(now, person="vic@example.com", outcome="denied", reason="unusual")
    happened(now, action="key.add", target_noun="key", person="alice@example.com")
    happened(now, workspace="other")
    answer = browser.get(url + query)
    assert answer.status_code == 200
    assert events_on(answer.content.decode()) == count


def test_an_event_has_a_page_with_its_whole_incident(
    browser: Client, url: str, now: datetime
) -> None:
    incident = uuid.uuid4()
    first = happened(now, incident=incident)
    last = happened(now, incident=incident, outcome="succeeded", answer={"id": "dep_1"})
    page = browser.get(f"{url}{last.sequence}/").content.decode()
    assert f'href="{url}{first.sequence}/"' in page
    assert "&quot;id&quot;: &quot;dep_1&quot;" in page
    assert str(incident) in page


def test_the_events_of_an_incident_stand_together_in_the_list(
    browser: Client, url: str, now: datetime
) -> None:
    incident = uuid.uuid4()
    steps = [
        happened(now + timedelta(seconds=after), incident=incident, outcome=outcome)
        for after, outcome in ((0, "requested"), (0.4, "succeeded"), (130, "confirmed"))
    ]
    happened(now, target_id="dep_2")
    page = browser.get(url).content.decode()
    assert events_on(page) == 2
    timeline = re.findall(r'<ol class="timeline.*?</ol>', page)
    assert [re.sub("<[^>]+>", " ", each).split() for each in timeline] == [
        ["requested", "succeeded", "+0.4", "s", "confirmed", "+2", "min"]
    ]
    assert [f'href="{url}{step.sequence}/"' in timeline[0] for step in steps] == [True] * 3
    one_of_them = browser.get(f"{url}?outcome=succeeded").content.decode()
    assert (events_on(one_of_them), one_of_them.count("+0.4 s")) == (1, 1)
    oldest_first = browser.get(f"{url}?sort=at").content.decode()
    assert oldest_first.index(f"{url}{steps[0].sequence}/") < oldest_first.index("dep_2")


def test_an_incident_is_told_by_its_first_event_and_names_who_else_took_part(
    browser: Client, url: str, now: datetime
) -> None:
    incident = uuid.uuid4()
    happened(now, incident=incident, action="deployment.break_glass", outcome="succeeded")
    happened(now, incident=incident)
    happened(now, incident=incident, outcome="approved", person="alice@example.com", reason="ok")
    last = {"action": "deployment.stop", "outcome": "confirmed", "person": "", "reason": ""}
    happened(now, incident=incident, **last)
    page = browser.get(url).content.decode()
    assert events_on(page) == 1
    words = re.sub("<[^>]+>", " ", page[page.index("<tr data-key=") : page.index("</tbody>")])
    assert " ".join(words.split()) == (
        "2026-11-23 21:17:00 UTC deployment.break_glass confirmed otto@example.com dep_1 "
        "no longer needed succeeded deployment.deactivate requested approved by alice@example.com "
        "deployment.stop confirmed"
    )


def test_what_an_event_speaks_of_is_linked(browser: Client, url: str, now: datetime) -> None:
    event = happened(now)
    page = browser.get(f"{url}{event.sequence}/").content.decode()
    assert 'href="/w/acme/deployments/dep_1/"' in page
    of_the_team = happened(now, target_noun="team", target_id="")
    assert "Reason" in browser.get(f"{url}{of_the_team.sequence}/").content.decode()


def test_another_workspaces_event_is_not_there(browser: Client, url: str, now: datetime) -> None:
    event = happened(now, workspace="other")
    assert browser.get(f"{url}{event.sequence}/").status_code == 404
    assert browser.get(f"{url}{10**30}/").status_code == 404


def test_an_outsider_finds_nothing(mallory: User, url: str, now: datetime) -> None:
    event = happened(now)
    outsider = client_of(mallory)
    assert outsider.get(url).status_code == 404
    assert outsider.get(f"{url}{event.sequence}/").status_code == 404


def test_hostile_reasons_are_text(browser: Client, url: str, now: datetime) -> None:
    event = happened(now, reason="<script>alert(1)</script>", target_name="\u202e")
    for address in (url, f"{url}{event.sequence}/"):
        page = browser.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_csv(browser: Client, url: str, now: datetime) -> None:
    happened(now, reason="=1+1")
    answer = browser.get(f"{url}?format=csv")
    assert isinstance(answer, StreamingHttpResponse)
    rows = csv.DictReader(io.StringIO(b"".join(answer).decode()))
    [told] = [row for row in rows if row["action"] == "deployment.deactivate"]
    assert told["reason"] == "'=1+1"
    assert told["person"] == "otto@example.com"
    assert told["at"] == "2026-11-23T21:17:00Z"


def test_it_is_live(browser: Client, url: str, now: datetime) -> None:
    happened(now)
    version = browser.get(url)["Loopsweb-Version"]
    poll = {"hx-request": "true", "hx-target": "live"}
    assert browser.get(f"{url}?v={version}", headers=poll).status_code == 204
    happened(now)
    answer = browser.get(f"{url}?v={version}", headers=poll)
    assert events_on(answer.content.decode()) == 2


def test_the_queries_are_the_same_for_any_number_of_events(
    browser: Client, url: str, now: datetime
) -> None:
    browser.get(url)
    counts = []
    for count in (1, 2, 47):
        for _ in range(count):
            happened(now)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"{url}?q=dep")
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 9  # the ninth: what else there is of each incident
