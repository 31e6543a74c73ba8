"""Parts that answer while one uses them: logs, metrics, the search, single keys and forms."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser import person
from tests.browser.axe import find_violations
from tests.browser.conftest import TIMEOUT, Visit
from tests.processes import Site

UNSENT = "Can't reach loopsweb. Nothing was sent. What you typed stays here: try again."
SIMULATOR = ("--runs", "5", "--checkpoints-per-run", "2")


def test_logs_are_followed_searched_and_jumped_through(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.open_filled_list(
        page, site, name="rosa", path="deployments/?status=RUNNING&sort=created"
    )
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    page.get_by_role("main").get_by_role("link", name="Logs", exact=True).click()
    lines = page.get_by_role("region", name="Log lines, oldest first")
    shown = lines.get_by_role("listitem")
    expect(page.get_by_text("Following", exact=True)).to_be_visible()
    newest = shown.last.inner_text()
    expect(shown.last).not_to_have_text(newest, timeout=TIMEOUT)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    assert find_violations(page) == []

    page.get_by_role("searchbox", name="Search in the lines of this span").fill("step")
    page.get_by_role("button", name="Show").click()
    number = page.locator("[data-hit-number]")
    expect(number).to_be_visible()
    count = number.inner_text()
    lines.focus()
    page.keyboard.press("n")
    expect(number).to_have_text("1")
    expect(page.locator("#hit mark").first).to_be_in_viewport()
    page.keyboard.press("Shift+N")
    expect(number).to_have_text(count)
    assert find_violations(page) == []

    page.get_by_role("link", name="Last 6 hours").click()
    oldest = page.locator("time").first
    page.get_by_role("link", name="Metrics of this span").click()
    expect(oldest).to_be_visible()
    chart = page.get_by_role("img", name="GPU utilisation in % of a GPU")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("output").first).to_contain_text("GPU 0")
    assert find_violations(page) == []


def test_search_and_single_keys_open_what_is_meant(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.open_filled_list(page, site, name="nell", path="deployments/?status=RUNNING")
    page.keyboard.press("j")
    first = page.locator(":focus")
    deployment = first.inner_text()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name=f"Select {deployment}")).to_be_checked()
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search")
    expect(field).to_be_focused()
    field.press_sequentially(f"deactivate {deployment}")
    expect(page.get_by_role("option", name=f"Deactivate {deployment}")).to_be_visible()
    assert find_violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What ends")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert find_violations(page) == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="You: ").click()
    page.get_by_role("button", name="Off", exact=True).click()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()


def test_a_form_that_cannot_be_sent_stays_and_errors_have_the_focus(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(base_url=site.address)
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()  # the browser's own errors are expected here
    page.goto("/accounts/login/")
    person.sign_in(page, email=person.create_person(site, name="fay"))
    page.goto("/teams/new/#main")
    name, create = page.get_by_label("Name"), page.get_by_role("button", name="Create team")
    name.fill(" ")
    context.set_offline(True)
    create.click()
    alert = page.get_by_role("alert")
    expect(alert).to_have_text(UNSENT)
    expect(name).to_have_value(" ")

    context.set_offline(False)
    create.click()

    expect(alert).to_have_text("Nothing was done. Enter a name.")
    expect(alert).to_be_focused()
    context.close()
