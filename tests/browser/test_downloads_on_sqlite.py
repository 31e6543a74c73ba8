"""The files of a checkpoint: one click lists them, one downloads one; Back leads to the list."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import person
from tests.browser.conftest import Visit
from tests.processes import Site


def test_a_file_is_two_clicks_away_and_the_list_stays(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.open_filled_list(
        page, site, name="dora", path="checkpoints/?target=sampler&sync=COMPLETE"
    )
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
