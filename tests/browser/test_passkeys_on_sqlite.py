"""A passkey, in a browser with an authenticator that says yes to everything."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.person import joins, sign_in
from tests.processes import Site

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in(page: Page) -> None:
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def test_a_passkey_is_added_and_signs_in(site: Site, visit: Visit) -> None:
    email = joins(site, name="paula")
    page = visit(f"http://localhost:{urlsplit(site.address).port}/accounts/login/")
    plug_in(page)
    sign_in(page, email=email)

    page.goto(page.url.split("/w/")[0] + "/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("this laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("main").get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery Codes")
    page.goto(page.url.split("/accounts/")[0] + "/accounts/2fa/webauthn/")
    expect(page.get_by_role("row", name="this laptop")).to_contain_text("Passkey")

    page.goto(page.url.split("/accounts/")[0] + "/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("button", name="passkey").click()

    expect(page.get_by_role("navigation", name="Workspace", exact=True)).to_be_visible()
    assert urlsplit(page.url).path == "/w/paula/"
