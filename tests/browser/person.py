"""Actions of a person on the site. Elements are found by role and label only."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.processes import PASSWORD, Site, create_admin, wait_for

Reload = Callable[[], object]
REVIEWS = 5  # more than a training run changes what would be lost in a minute


def create_person(site: Site, *, name: str) -> str:
    """Create a person with a workspace of that name. Return their email."""
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


def list_rows(page: Page) -> list[str]:
    """Return the text of each row of the table, without its header."""
    return page.get_by_role("main").get_by_role("row").all_inner_texts()[1:]


def open_filled_list(
    page: Page, site: Site, *, name: str, path: str, secret: str = "demo-org-key"
) -> None:
    """Sign in as a new person with a key of their own. Open a list of theirs once it has rows.

    path: within the person's workspace.
    """
    sign_in(page, email=create_person(site, name=name))
    add_key(page, name="Mine", secret=secret)
    page.goto(f"/w/{name}/{path}")
    wait_for(lambda: page.reload() is not None and list_rows(page))


def create_run(page: Page, *, workspace: str, base_model: str) -> str:
    """Create a run in the first session. Return its id."""
    page.goto(f"/w/{workspace}/sessions/")
    session = page.get_by_role("row").nth(1).get_by_role("link").first.inner_text()
    page.goto(f"/w/{workspace}/runs/")
    page.get_by_role("link", name="New run").first.click()
    page.get_by_label("Session").fill(session)
    page.get_by_label("Base model").fill(base_model)
    page.get_by_role("button", name="Create run").click()
    expect(page).to_have_url(re.compile(r"/runs/(?!new/)[^/]+/$"))
    return page.url.rstrip("/").rpartition("/")[2]


def deactivate(page: Page, *, reason: str, reload: Reload) -> str:
    """Deactivate the deployment of the run whose page is open. Return its id.

    Training goes on meanwhile. If more would be lost by now, the form is shown again; if that was
    noticed only after the request, nothing is sent and it is requested again.
    """
    link = page.get_by_role("main").get_by_role("link", name=re.compile("^Deactivate "))
    wait_for(lambda: reload() or link.count())
    deployment = link.first.inner_text().split()[-1]
    link.first.click()
    accepted = page.get_by_text("The API accepted the deactivation.")
    again = page.get_by_role("link", name="Request it again")
    for _ in range(REVIEWS):
        expect(page.get_by_role("heading", name="What ends")).to_be_visible()
        with page.expect_navigation():
            confirm(page, deployment, reason=reason)
        if accepted.count():
            return deployment
        if again.count():
            again.click()
        elif not page.get_by_label("Reason").count():
            break
    raise AssertionError(page.locator("body").inner_text())


def confirm(page: Page, deployment: str, *, reason: str) -> None:
    """Send the form, with the ID where something would be lost."""
    page.get_by_label("Reason").fill(reason)
    typed = page.get_by_label("Type the deployment ID to confirm")
    if typed.count():
        typed.fill(deployment)
    page.get_by_role("button", name="Deactivate", exact=True).click()


def find_in_audit(page: Page, *, workspace: str, reason: str, reload: Reload) -> list[str]:
    """Wait until the API confirms the deactivation. Return its outcomes, oldest first."""
    page.goto(f"/w/{workspace}/audit/")
    row = page.get_by_role("row").filter(has_text="deployment.deactivate")
    row = row.filter(has_text="confirmed")
    wait_for(lambda: reload() or row.count())
    assert reason in row.inner_text()
    outcomes = row.locator("xpath=following-sibling::tr[1]").get_by_role("link")
    return outcomes.all_inner_texts()


def find_broken_ids_on_paper(page: Page) -> list[str]:
    """Return the IDs that do not stand in one line, or in a cell narrower than they are."""
    page.emulate_media(media="print")
    shown = page.viewport_size
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 between its margins
    found: list[str] = page.locator(".id").evaluate_all(
        """ids => ids.filter(id => id.checkVisibility()).filter(id => {
            const cell = id.closest("td, dd, li, p") ?? id.parentElement;
            const box = id.getBoundingClientRect();
            return id.getClientRects().length > 1 || box.width > cell.clientWidth + 1
                || id.scrollWidth > Math.ceil(box.width) + 1
                || box.height > 2 * parseFloat(getComputedStyle(id).fontSize);
        }).map(id => id.textContent)"""
    )
    page.emulate_media(media="null")
    if shown:
        page.set_viewport_size(shown)
    return found
