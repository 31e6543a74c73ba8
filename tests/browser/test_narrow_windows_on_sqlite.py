"""Lists, forms and help in narrow windows: what has the focus is seen, nothing is wider than the
window, and each list can be sorted."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from playwright.sync_api import expect

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deployments.models import Deployment
from tests.browser.still_pages import open_still_pages

SORTED = {
    "sessions": ["Session", "First seen"],
    "runs": [
        *("Run", "Status", "Session", "Base model", "Owner", "Idle for", "GPUs"),
        *("USD/hour", "Created"),
    ],
    "checkpoints": ["Checkpoint", "Sync", "Target", "Type", "Run", "Base model", "Size", "Created"],
    "deactivations": [],  # there are none
    "audit": ["When"],
}
FIND_UNSEEN = """() => [...document.querySelectorAll("a[href], button, input, select, summary")]
  .filter((one) => {
    const isClipped = (each) => each
      && (getComputedStyle(each).clipPath !== "none" || isClipped(each.parentElement));
    one.focus();
    if (one !== document.activeElement) return false;
    return one.getBoundingClientRect().width < 8 || isClipped(one);
  }).map((one) => one.outerHTML)"""
FIND_DOUBLE_IDS = """() => [...document.querySelectorAll("[id]")].map((one) => one.id)
  .filter((id, at, all) => all.indexOf(id) < at)"""
FIND_CUT_WORDS = """() => [...document.querySelectorAll("dt")]
  .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"""

# The texts of cells in the line of the status, and how many lines the age of a page takes.
FIND_BESIDE_STATUS = """() => [...document.querySelectorAll("td.state ~ td:not(.act)")]
  .filter((one) => {
  const [{ height, top }, status] = [one, one.parentElement.querySelector(".state")]
    .map((each) => each.getBoundingClientRect());
  return height && top < status.bottom;
}).map((one) => one.textContent)"""
COUNT_LINES_OF_AGE = """() => new Set([...document.querySelectorAll("freshness-bar .says > span")]
  .filter((one) => one.textContent.trim()).map((one) => one.getBoundingClientRect())
  .map(({ top, bottom }) => Math.round((top + bottom) / 2))).size"""


@pytest.fixture
def pages(small_team: Client, acme: Workspace) -> dict[str, str]:
    one = Deployment.objects.in_workspace(acme)[0]
    lists = [f"/w/acme/{name}/" for name in (*SORTED, "samplers", "deployments")]
    paths = [*lists, f"/w/acme/deployments/{one.remote_id}/logs/", "/help/statuses/"]
    paths += ["/w/acme/runs/?status=ACTIVE&sort=-gpus", "/w/acme/runs/?at=2026-01-01T00:00Z"]
    return {path: small_team.get(path).content.decode() for path in paths}


def test_no_page_is_wider_than_the_window_or_gives_the_focus_to_what_is_not_seen(
    pages: dict[str, str],
) -> None:
    wide: list[tuple[str, int]] = []
    unseen: dict[tuple[str, int], list[str]] = {}
    with open_still_pages(pages) as browser:
        for path in pages:
            for width in (320, 390):
                browser.page.set_viewport_size({"width": width, "height": 800})
                browser.open(path)
                if browser.page.evaluate("document.documentElement.scrollWidth") > width:
                    wide.append((path, width))
                if found := browser.page.evaluate(FIND_UNSEEN):
                    unseen[path, width] = found
    assert (wide, unseen) == ([], {})


def test_a_list_is_sorted_by_links_in_a_narrow_window(pages: dict[str, str]) -> None:
    found = {}
    with open_still_pages(pages, viewport={"width": 390, "height": 800}) as browser:
        for name in SORTED:
            browser.open(f"/w/acme/{name}/")
            links = browser.page.locator("th > a:first-child")
            found[name] = [text.strip() for text in links.all_inner_texts()]
        browser.open("/w/acme/runs/?status=ACTIVE&sort=-gpus")
        link = browser.page.get_by_role("link", name="Owner")
        expect(link).to_be_in_viewport()
        address = link.get_attribute("href") or ""
    assert found == SORTED
    assert parse_qs(urlsplit(address).query) == {"status": ["ACTIVE"], "sort": ["owner"]}


def test_each_status_is_explained_once_and_stays_in_its_column(pages: dict[str, str]) -> None:
    with open_still_pages(pages, viewport={"width": 1280, "height": 800}) as browser:
        browser.open("/help/statuses/")
        assert browser.page.evaluate(FIND_DOUBLE_IDS) == []
        assert browser.page.evaluate(FIND_CUT_WORDS) == []


def test_a_row_begins_with_its_name_and_status_alone(pages: dict[str, str]) -> None:
    with open_still_pages(pages, viewport={"width": 390, "height": 800}) as browser:
        found = {}
        for name in ("runs", "samplers", "checkpoints", "deployments"):
            browser.open(f"/w/acme/{name}/")
            found[name] = browser.page.evaluate(FIND_BESIDE_STATUS)
            assert browser.page.evaluate(COUNT_LINES_OF_AGE) == 1
    assert found == {key: [] for key in found}
