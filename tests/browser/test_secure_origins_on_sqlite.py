"""What browsers offer on secure origins alone: passkeys and the clipboard.

The simulated authenticator approves everything.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import PLAIN_HOST
from tests.browser.conftest import Visit
from tests.browser.person import create_person, sign_in
from tests.processes import Site

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def add_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def test_a_passkey_is_added_and_signs_in(site: Site, visit: Visit) -> None:
    email = create_person(site, name="paula")
    page = visit(f"http://localhost:{urlsplit(site.address).port}/accounts/login/")
    add_authenticator(page)
    sign_in(page, email=email)

    page.goto(page.url.split("/w/")[0] + "/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("this laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("main").get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto(page.url.split("/accounts/")[0] + "/accounts/2fa/webauthn/")
    expect(page.get_by_role("row", name="this laptop")).to_contain_text("Passkey")

    page.goto(page.url.split("/accounts/")[0] + "/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("button", name="passkey").click()

    expect(page.get_by_role("navigation", name="Workspace", exact=True)).to_be_visible()
    assert urlsplit(page.url).path == "/w/paula/"


@pytest.fixture
def plain_page(site: Site, visit: Visit) -> Page:
    """A page with a copy button, over plain http under a name other than localhost."""
    page = visit(f"http://{PLAIN_HOST}:{urlsplit(site.address).port}/accounts/login/")
    assert page.evaluate("window.isSecureContext") is False
    page.get_by_role("main").evaluate(
        "main => main.innerHTML = '<copy-button><span>run-1</span></copy-button><input>'"
    )
    return page


def paste(page: Page) -> str:
    page.get_by_role("textbox").focus()
    page.keyboard.press("Control+v")
    return page.get_by_role("textbox").input_value()


def test_copying_works_over_plain_http(plain_page: Page) -> None:
    plain_page.get_by_role("button", name="Copy ID run-1").click()
    expect(plain_page.get_by_role("button", name="Copied ID")).to_be_visible()
    assert paste(plain_page) == "run-1"


def test_text_that_cannot_be_copied_is_selected(plain_page: Page) -> None:
    plain_page.evaluate("document.execCommand = () => false")
    plain_page.get_by_role("button", name="Copy ID run-1").click()
    advice = plain_page.get_by_role("button", name="Selected. Press Ctrl+C or ⌘C to copy.")
    expect(advice).to_have_text("Selected. Press Ctrl+C or ⌘C to copy.")
    plain_page.keyboard.press("Control+c")
    assert paste(plain_page) == "run-1"
