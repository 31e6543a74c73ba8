"""What a person does on the site, by what they see: roles and labels, never markup."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.processes import PASSWORD, Site, create_admin, wait_for

Look = Callable[[], object]


def joins(site: Site, *, name: str) -> str:
    """A new person with a workspace of that name; their email."""
    email = f"{name}@example.com"
    create_admin(email, environment=site.environment)
    return email


def sign_in(page: Page, *, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")


def add_key(page: Page, *, name: str, secret: str) -> None:
    page.goto("/keys/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("API key", exact=True).fill(secret)
    page.get_by_role("button", name="Add key", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Healthy")


def rows(page: Page) -> list[str]:
    """The texts of the table's rows, without its head."""
    return page.get_by_role("main").get_by_role("row").all_inner_texts()[1:]


def create_run(page: Page, *, workspace: str, base_model: str) -> str:
    """In the session listed first; the run's id."""
    page.goto(f"/w/{workspace}/sessions/")
    session = page.get_by_role("row").nth(1).get_by_role("link").first.inner_text()
    page.goto(f"/w/{workspace}/runs/")
    page.get_by_role("link", name="New run").first.click()
    page.get_by_label("Session").fill(session)
    page.get_by_label("Base model").fill(base_model)
    page.get_by_role("button", name="Create run").click()
    expect(page).to_have_url(re.compile(r"/runs/(?!new/)[^/]+/$"))
    return page.url.rstrip("/").rpartition("/")[2]


def deactivate(page: Page, *, reason: str, look_again: Look) -> str:
    """The pair of the run whose page is open, as soon as it is shown; the deployment's id."""
    link = page.get_by_role("main").get_by_role("link", name=re.compile("^Deactivate "))
    wait_for(lambda: look_again() or link.count())
    deployment = link.first.inner_text().split()[-1]
    link.first.click()
    expect(page.get_by_role("heading", name="What ends")).to_be_visible()
    page.get_by_label("Reason").fill(reason)
    page.get_by_label("Type the deployment ID to confirm").fill(deployment)
    page.get_by_role("button", name="Deactivate", exact=True).click()
    expect(page.get_by_text("The API accepted the deactivation.")).to_be_visible()
    return deployment


def find_in_audit(page: Page, *, workspace: str, reason: str, look_again: Look) -> list[str]:
    """The outcomes of the incident with that reason, oldest first, once the API confirmed it."""
    page.goto(f"/w/{workspace}/audit/")
    told = page.get_by_role("row").filter(has_text="deployment.deactivate")
    wait_for(lambda: look_again() or told.filter(has_text="confirmed").count())
    assert reason in told.inner_text()
    steps = told.locator("xpath=following-sibling::tr[1]").get_by_role("link")
    return steps.all_inner_texts()
