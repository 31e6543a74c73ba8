"""A password or a key can be pasted into each field that takes one."""

from __future__ import annotations

import re

from django.core import mail
from django.test import Client
from playwright.sync_api import Locator, Page

from loopsweb.accounts.auth.adapter import mailer
from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from tests.browser.still_pages import open_still_pages
from tests.personas import login_as

SECRET = "a secret from a password manager, 42!"
LINK = re.compile(r"http://testserver(/\S+)")


def read_pages(alice: User, acme: Workspace, key: Key) -> dict[str, str]:
    """The pages that have a field for a secret."""
    alice.set_password("correct horse battery")
    alice.save()
    browser, visitor = login_as(alice), Client()
    browser.post(
        f"/teams/{acme.team_id}/invitations/", {"email": "eve@example.com", "role": "viewer"}
    )
    visitor.post("/accounts/password/reset/", {"email": alice.email})
    mailer.submit(int).result()  # after the email
    invitation, reset = (LINK.findall(str(message.body))[0] for message in mail.outbox)
    pages = {
        path: visitor.get(path, follow=True).content.decode()
        for path in ("/accounts/login/", invitation, reset)
    }
    confirm, change = "/accounts/reauthenticate/", "/accounts/password/change/"
    for path in (confirm, change, "/keys/add/", f"/keys/{key.uid}/replace/"):
        pages[path] = browser.get(path).content.decode()
    return pages


def paste(page: Page, field: Locator) -> str:
    """Copy the secret elsewhere, then paste it. Return what the field holds then."""
    page.evaluate("document.body.append(document.createElement('textarea'))")
    elsewhere = page.locator("body > textarea")
    elsewhere.fill(SECRET)
    elsewhere.press("Control+a")
    elsewhere.press("Control+x")
    elsewhere.evaluate("one => one.remove()")
    field.focus()
    field.press("Control+v")
    return field.input_value()


def test_secrets_can_be_pasted(alice: User, acme: Workspace, key: Key) -> None:
    pages = read_pages(alice, acme, key)
    held = {}
    with open_still_pages(pages) as browser:
        for path in pages:
            browser.open(path)
            fields = browser.page.locator("input[type=password]")
            held[path] = [paste(browser.page, field) for field in fields.all()]
    assert list(held.values()) == [[SECRET] * number for number in (1, 1, 2, 1, 3, 1, 1)]
