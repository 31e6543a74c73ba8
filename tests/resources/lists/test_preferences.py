"""Chosen columns and rows on a page, for each person and list."""

from __future__ import annotations

import gzip
import re

import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Run
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT

LIST = "/w/acme/runs/"
COLUMNS = "/w/acme/lists/runs/columns/"
MAX_GZIPPED = 50_000


@pytest.fixture
def browser(vic: User, acme: Workspace) -> Client:
    Run.objects.bulk_create(
        Run(
            workspace=acme, remote_id=f"run_{n * 7919:06}", status="ACTIVE", digest="",
            owner_email=f"person{n}@example.com", base_model="Qwen/Qwen3-8B",
            created_at=FIRST_SEEN_AT, session_remote_id=f"ses_{n}",
            first_seen_at=FIRST_SEEN_AT, changed_at=FIRST_SEEN_AT,
        )
        for n in range(201)
    )  # fmt: skip
    return login_as(vic)


def choose(browser: Client, *shown: str, size: str = "50", referer: str = "") -> str:
    sent = {"column": ["owner", "status"], "shown": shown, "size": size}
    headers = {"Referer": referer} if referer else {}
    answer = browser.post(COLUMNS, sent, headers=headers)
    assert answer.status_code == 302
    return answer["Location"]


def read_headings(browser: Client, query: str = "") -> list[str]:
    page = browser.get(LIST + query).content.decode()
    [head] = re.findall("<thead>.*?</thead>", page, re.DOTALL)
    return [re.sub("<[^>]+>", "", one).strip() for one in re.findall("<th.*?</th>", head)]


def test_a_hidden_column_leaves_this_persons_list_alone(
    browser: Client, otto: User, acme: Workspace
) -> None:
    before = read_headings(browser)
    assert {"Run", "Status", "Owner"} <= set(before)
    choose(browser, "status")
    assert read_headings(browser) == [one for one in before if one != "Owner"]
    assert "Owner" in read_headings(browser, "?sort=owner")
    assert read_headings(login_as(otto)) == before
    csv = b"".join(browser.post(LIST).streaming_content).decode()  # type: ignore[attr-defined]
    assert '"owner"' in csv.partition("\n")[0]
    choose(browser, "status", "owner")
    assert read_headings(browser) == before


@pytest.mark.parametrize(
    ("size", "rows"), [("25", 25), ("100", 100), ("200", 200), ("7", 50), ("x", 50), ("", 50)]
)
def test_the_rows_of_a_page_are_remembered_and_fit_the_budget(
    size: str, rows: int, browser: Client
) -> None:
    choose(browser, "owner", "status", size=size)
    page = browser.get(LIST).content
    assert page.count(b"<tr data-key=") == rows
    assert len(gzip.compress(page)) <= MAX_GZIPPED
    last = -(-201 // rows)
    assert browser.get(f"{LIST}?page=99").content.count(b"<tr data-key=") == 201 - (last - 1) * rows


@pytest.mark.parametrize(
    ("referer", "location"),
    [
        (f"http://testserver{LIST}?status=ACTIVE", f"{LIST}?status=ACTIVE"),
        ("http://testserver/w/acme/samplers/?q=x", LIST),
        ("", LIST),
    ],
)
def test_the_list_comes_back_as_it_was(referer: str, location: str, browser: Client) -> None:
    assert choose(browser, referer=referer) == location
