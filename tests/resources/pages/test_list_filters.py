"""Filters, search and sorting of a list."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Run
from tests.personas import login_as
from tests.resources.rows import add_row


def url_of(noun: str, workspace: Workspace, query: str = "") -> str:
    return reverse(f"{noun}:list", args=[workspace.slug]) + query


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def five_runs(acme: Workspace) -> None:
    for n, status in enumerate(["ACTIVE", "ACTIVE", "INACTIVE", "ODD", ""]):
        add_row(
            Run, acme, f"r{n}", status=status, name=f"name {'edcba'[n]}", base_model="Qwen/Qwen"
        )


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
def test_an_htmx_filter_gets_the_table_and_the_shortest_url(
    browser: Client, acme: Workspace
) -> None:
    answer = browser.get(
        url_of("runs", acme, "?q=&status=ACTIVE&owner=&sort=-created"),
        headers={"hx-request": "true", "hx-target": "live"},
    )
    assert answer["HX-Push-Url"] == url_of("runs", acme, "?status=ACTIVE")
    assert b"<html" not in answer.content
