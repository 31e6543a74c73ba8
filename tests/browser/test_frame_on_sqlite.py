"""The sidebar, its menus, the bar above the page and the action below it, in a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.samplers.models import Sampler
from tests.browser.still_pages import open_still_pages
from tests.browser.test_accessibility_on_sqlite import deactivate_samplers

RUNS = "/w/acme/runs/"
FIND_WIDE = """() => [...document.querySelectorAll(".chart .key li *")].filter((one) =>
  one.getBoundingClientRect().right > one.closest(".card").getBoundingClientRect().right)
  .map((one) => one.textContent)"""
FIND_BARE = """() => {
  const { left, right, bottom } = document.querySelector(".page-action").getBoundingClientRect();
  const cover = getComputedStyle(document.body, "::after");
  return [cover.position, cover.left, cover.right, cover.bottom, left > 0, right < innerWidth,
    parseFloat(cover.height) > innerHeight - bottom, cover.backgroundColor.includes("/")];
}"""


@pytest.fixture
def sampler(small_team: Client, acme: Workspace) -> str:
    """The path of a standalone sampler."""
    alone = Sampler.objects.in_workspace(acme).filter(run_remote_id="")[0]
    return f"/w/acme/samplers/{alone.remote_id}/"


def test_the_focus_in_the_sidebar_does_not_scroll_a_long_page(small_team: Client) -> None:
    pages = {RUNS: small_team.get(RUNS).content.decode()}
    with open_still_pages(pages, viewport={"width": 1280, "height": 700}) as browser:
        browser.open(RUNS)
        page = browser.page
        page.evaluate("document.querySelector('main').style.minHeight = '4000px'")
        page.evaluate("scrollTo(0, 1000)")
        menu = page.get_by_role("button", name="You: ")
        for _ in range(20):
            page.keyboard.press("Tab")
            if menu.evaluate("one => one === document.activeElement"):
                break
        expect(menu).to_be_focused()
        expect(menu).to_be_in_viewport()
        assert page.evaluate("scrollY") == 1000


def test_the_tick_of_a_choice_stands_before_its_word(small_team: Client) -> None:
    pages = {RUNS: small_team.get(RUNS).content.decode()}
    with open_still_pages(pages) as browser:
        browser.open(RUNS)
        browser.page.get_by_role("button", name="You: ").click()
        ticks = browser.page.locator("#person-menu [aria-pressed]").evaluate_all(
            "all => all.map((one) => [one.textContent, getComputedStyle(one, '::before').content])"
        )
    assert [word for word, tick in ticks if "✓" in tick] == ["System", "UTC", "On"]
    assert len(ticks) == 7


def test_paused_updates_announce_no_next_one_and_can_be_resumed(small_team: Client) -> None:
    pages = {RUNS: small_team.get(RUNS).content.decode()}
    with open_still_pages(pages) as browser:
        browser.open(RUNS)
        bar = browser.page.locator("freshness-bar")
        seen = []
        for name in ("Pause updates", "Resume updates", "Pause updates"):
            shown = [bar.locator(css).is_visible() for css in (".next", ".pause", ".play")]
            seen.append(shown)
            bar.get_by_role("button", name=name).click()
    assert seen == [[True, True, False], [False, False, True], [True, True, False]]


def test_the_action_below_a_narrow_page_covers_what_is_under_it(
    small_team: Client, sampler: str
) -> None:
    pages = {sampler: small_team.get(sampler).content.decode()}
    with open_still_pages(pages, viewport={"width": 390, "height": 800}) as browser:
        browser.open(sampler)
        found = browser.page.evaluate(FIND_BARE)
    assert found == ["fixed", "0px", "0px", "0px", True, True, True, False]


def test_marks_of_a_picture_stay_in_their_card(
    small_team: Client, acme: Workspace, sampler: str
) -> None:
    deactivate_samplers(small_team, acme)
    now = timezone.now()
    Deactivation.objects.update(state=State.CONFIRMED, sent_at=now - timedelta(seconds=1))
    pages = {sampler: small_team.get(sampler).content.decode()}
    with open_still_pages(pages, viewport={"width": 320, "height": 800}) as browser:
        browser.open(sampler)
        expect(browser.page.locator(".chart .key li a").first).to_be_visible()
        assert browser.page.evaluate(FIND_WIDE) == []
