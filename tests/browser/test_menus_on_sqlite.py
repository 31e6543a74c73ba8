"""Menus, pickers and dialogs open by keyboard, close on Escape and give the focus back."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from loopsweb.accounts.models import User, Workspace
from tests.browser.still_pages import open_still_pages
from tests.personas import login_as

SHUT = "details.drop:not([open]), [popover]:not(:popover-open), dialog:not([open])"


@pytest.fixture
def client(alice: User, acme: Workspace) -> Client:
    return login_as(alice)


def test_each_closes_on_escape_and_gives_the_focus_back(client: Client) -> None:
    path = "/w/acme/runs/"
    pages = {path: client.get(path).content.decode()}
    with open_still_pages(pages) as browser:
        browser.open(path)
        page = browser.page
        every = page.locator("details.drop, [popover], dialog")
        openers = [
            page.locator("summary", has_text="As of…"),
            page.locator("summary", has_text="Columns and rows"),
            page.get_by_role("button", name="Workspace: "),
            page.get_by_role("button", name="You: "),
            page.get_by_role("link", name="Search", exact=False).first,
        ]
        for opener in openers:
            opener.focus()
            page.keyboard.press("Enter")
            expect(page.locator(SHUT)).to_have_count(every.count() - 1)
            page.keyboard.press("Tab")
            page.keyboard.press("Escape")
            expect(page.locator(SHUT)).to_have_count(every.count())
            expect(opener).to_be_focused()
        openers[1].click()
        page.get_by_role("heading", level=1).click()
        expect(page.locator(SHUT)).to_have_count(every.count())
