"""The style guide has every part, and none breaks a rule of accessibility."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from tests.browser.axe import find_violations
from tests.browser.still_pages import open_still_pages
from tests.personas import login_as

PARTS = [
    *("buttons", "statuses", "texts", "banners", "freshness-states", "empty", "forms"),
    *("charts", "toasts", "dialogs"),
]


@pytest.fixture
def client(alice: User, acme: Workspace) -> Client:
    return login_as(alice)


def test_the_style_guide_breaks_no_rule_and_fits_narrow_pages(
    client: Client, settings: Settings
) -> None:
    settings.DEMO = True
    page = client.get("/styleguide/").content.decode()
    with open_still_pages({"/styleguide/": page}) as browser:
        browser.open("/styleguide/")
        assert [one.get_attribute("id") for one in browser.page.locator("section.card").all()] == (
            PARTS
        )
        assert find_violations(browser.page) == []
        browser.page.set_viewport_size({"width": 390, "height": 900})
        assert browser.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_there_is_no_style_guide_in_production(client: Client) -> None:
    assert client.get("/styleguide/").status_code == 404
