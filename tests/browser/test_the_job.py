"""The whole job, by a person at a browser, on the real processes; with JavaScript and without."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import person
from tests.browser.conftest import Visit
from tests.browser.person import Look
from tests.processes import Site, wait_for

MODEL = "Qwen/Qwen3-8B"
FILTERED = re.compile(r"[?&]base_model=Qwen%2FQwen3-8B(&|$)")


def create_and_stop(page: Page, *, workspace: str, look_again: Look) -> None:
    reason = "Loss has been flat for an hour."
    person.create_run(page, workspace=workspace, base_model=MODEL)
    deployment = person.deactivate(page, reason=reason, look_again=look_again)
    outcomes = person.find_in_audit(page, workspace=workspace, reason=reason, look_again=look_again)
    assert outcomes == ["requested", "succeeded", "confirmed"]
    page.goto(f"/w/{workspace}/deployments/{deployment}/")
    expect(page.get_by_role("main")).to_contain_text("STOPPED")


def test_with_javascript_rows_come_by_themselves(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.sign_in(page, email=person.joins(site, name="grace"))
    runs = page.context.new_page()
    runs.goto("/w/grace/runs/")
    runs.evaluate("window.hasNotReloaded = true")
    assert person.rows(runs) == []

    person.add_key(page, name="Mine", secret="demo-org-key")
    runs.bring_to_front()
    expect(runs.get_by_role("row").nth(5)).to_be_visible()
    assert runs.evaluate("window.hasNotReloaded") is True

    runs.goto("/w/grace/runs/")
    runs.evaluate("window.hasNotReloaded = true")
    everything = person.rows(runs)
    runs.get_by_label("Base model").select_option(MODEL)
    expect(runs).to_have_url(FILTERED)
    wait_for(lambda: 0 < len(person.rows(runs)) < len(everything))
    assert [row for row in person.rows(runs) if MODEL not in row] == []
    assert runs.evaluate("window.hasNotReloaded") is True

    create_and_stop(runs, workspace="grace", look_again=lambda: None)


def test_without_javascript_everything_works_by_reloading(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/", java_script_enabled=False)

    def reload() -> bool:
        return page.reload() is None

    person.sign_in(page, email=person.joins(site, name="linus"))
    person.add_key(page, name="Mine", secret="demo-other-key")
    page.goto("/w/linus/runs/")
    wait_for(lambda: reload() or person.rows(page))
    everything = person.rows(page)
    page.get_by_label("Base model").select_option(MODEL)
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(FILTERED)
    assert 0 < len(person.rows(page)) < len(everything)

    create_and_stop(page, workspace="linus", look_again=reload)
