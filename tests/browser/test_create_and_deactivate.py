"""The main workflow in a browser, with and without JavaScript."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import person
from tests.browser.conftest import Visit
from tests.browser.person import Reload
from tests.processes import Site, wait_for

MODEL = "Qwen/Qwen3-8B"
FILTERED = re.compile(r"[?&]base_model=Qwen%2FQwen3-8B(&|$)")


def create_and_deactivate(page: Page, *, workspace: str, reload: Reload) -> None:
    reason = "Loss has been flat for an hour."
    person.create_run(page, workspace=workspace, base_model=MODEL)
    deployment = person.deactivate(page, reason=reason, reload=reload)
    outcomes = person.find_in_audit(page, workspace=workspace, reason=reason, reload=reload)
    assert outcomes == ["requested", "succeeded", "confirmed"]
    page.goto(f"/w/{workspace}/deployments/{deployment}/")
    expect(page.get_by_role("main")).to_contain_text("STOPPED")
    page.get_by_role("link", name="See the record").click()
    expect(page.get_by_role("main")).to_contain_text(f"stopped {deployment}")
    for path in (page.url, f"/w/{workspace}/audit/", f"/w/{workspace}/deployments/"):
        page.goto(path)
        assert person.find_broken_ids_on_paper(page) == [], path


def test_with_javascript_rows_appear_without_a_reload(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.sign_in(page, email=person.create_person(site, name="grace"))
    runs = page.context.new_page()
    runs.goto("/w/grace/runs/")
    runs.evaluate("window.hasNotReloaded = true")
    assert person.list_rows(runs) == []

    person.add_key(page, name="Mine", secret="demo-org-key")
    runs.bring_to_front()
    expect(runs.get_by_role("row").nth(5)).to_be_visible()
    assert runs.evaluate("window.hasNotReloaded") is True

    runs.goto("/w/grace/runs/")
    runs.evaluate("window.hasNotReloaded = true")
    all_rows = person.list_rows(runs)
    runs.locator("select[name=base_model]").select_option(MODEL)
    expect(runs).to_have_url(FILTERED)
    wait_for(lambda: 0 < len(person.list_rows(runs)) < len(all_rows))
    assert [row for row in person.list_rows(runs) if MODEL not in row] == []
    assert runs.evaluate("window.hasNotReloaded") is True

    create_and_deactivate(runs, workspace="grace", reload=lambda: None)


def test_without_javascript_reloading_is_enough(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/", java_script_enabled=False)

    def reload() -> bool:
        return page.reload() is None

    person.open_filled_list(page, site, name="linus", path="runs/", secret="demo-other-key")
    all_rows = person.list_rows(page)
    page.locator("select[name=base_model]").select_option(MODEL)
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(FILTERED)
    assert 0 < len(person.list_rows(page)) < len(all_rows)

    create_and_deactivate(page, workspace="linus", reload=reload)
