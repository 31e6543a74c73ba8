"""The navigation marks the part of the workspace to which a page belongs."""

from __future__ import annotations

import re

import pytest

from loopsweb.accounts.models import User
from tests.personas import login_as


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("", "Overview"),
        ("rates/", "Overview"),
        ("runs/", "Runs"),
        ("runs/new/", "Runs"),
        ("runs/compare/", "Runs"),
        ("runs/nothing/", "Runs"),
        ("lists/runs/views/", "Runs"),
        ("checkpoints/compare/", "Checkpoints"),
        ("checkpoints/plan/", "Checkpoints"),
        ("deployments/deactivations/", "Deployments"),
        ("deactivations/", "Deactivations"),
        ("audit/1/", "Audit"),
        ("lists/audit/views/", "Audit"),
        ("search/", ""),
    ],
)
def test_a_page_is_marked_by_its_part(alice: User, path: str, marked: str) -> None:
    page = login_as(alice).get(f"/w/acme/{path}").content.decode()
    entries = page.partition('<ul class="nav">')[2].partition("</ul>")[0]
    found = re.findall(r'aria-current="page">.*?([A-Z][a-z]+)</a>', entries, re.DOTALL)
    assert found == ([marked] if marked else [])


@pytest.mark.usefixtures("acme")
def test_pages_outside_of_the_workspace_mark_none(alice: User) -> None:
    page = login_as(alice).get("/keys/").content.decode()
    entries = page.partition('<ul class="nav">')[2].partition("</ul>")[0]
    assert ("Overview" in entries, "aria-current" in entries) == (True, False)
