"""The files of a checkpoint: one click lists them, one downloads one; Back leads to the list."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import person
from tests.browser.conftest import Visit
from tests.processes import Site, wait_for


def test_a_file_is_two_clicks_away_and_the_list_stays(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.sign_in(page, email=person.create_person(site, name="dora"))
    person.add_key(page, name="Mine", secret="demo-org-key")
    page.goto("/w/dora/checkpoints/?target=sampler&sync=COMPLETE")
    wait_for(lambda: page.reload() is not None and person.list_rows(page))
    page.get_by_role("row").nth(1).get_by_role("link").first.click()

    page.get_by_role("link", name="Files", exact=True).click()
    download = page.get_by_role("button", name="Download adapter_config.json")
    expect(download).to_be_visible()
    files = page.url
    with page.expect_download() as started:
        download.click()

    assert started.value.suggested_filename == "adapter_config.json"
    expect(page.get_by_role("link", name="Download again")).to_be_focused()
    page.go_back()
    expect(download).to_be_visible()
    page.reload()
    expect(download).to_be_visible()
    assert page.url == files
