"""A long list shows the rows of the first screen before those further down, and none moves."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from loopsweb.accounts.models import User, Workspace
from loopsweb.simulator import Simulator
from tests import personas
from tests.browser.conftest import poll
from tests.browser.still_pages import open_still_pages
from tests.conftest import ConnectApi

RUNS = "/w/acme/runs/"
ROWS = 50
SIZES = [(1280, 720), (1600, 900), (390, 844)]
# What each frame shows: whether each row is in the layout, and where the cells of the first are.
WATCH = """window.frames_seen = [];
window.watch = () => {
  const rows = [...document.querySelectorAll("#live tbody tr")];
  const isShown = (row) => row.checkVisibility({ visibilityProperty: true });
  const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
  const cells = rows.slice(0, 8).flatMap((row) => [...row.cells]);
  const places = cells.map((cell) => place(cell.getBoundingClientRect())).join("; ");
  if (rows.length) frames_seen.push([rows.filter(isShown).length, places]);
  requestAnimationFrame(watch);
};
requestAnimationFrame(watch);
localStorage.setItem("live-paused", "yes");"""
HIDDEN = """[...document.querySelectorAll("#live tr")]
  .filter((row) => row.hidden || row.style.visibility).length"""


@pytest.fixture
def runs(connect_api: ConnectApi, acme: Workspace, alice: User) -> dict[str, str]:
    """The list of many runs, and what its live region is answered."""
    simulator = Simulator(now=timezone.now(), runs=ROWS + 10, checkpoints_per_run=1)
    connect_api(httpx.WSGITransport(app=simulator))
    personas.add_key(alice, workspace=acme, secret="demo-org-key", now=simulator.world.now)
    poll(simulator)
    simulator.advance(timedelta(hours=1).total_seconds())
    client: Client = personas.login_as(alice)
    part = client.get(RUNS, headers={"HX-Request": "true", "HX-Target": "live"})
    return {RUNS: client.get(RUNS).content.decode(), "part": part.content.decode()}


def read_frames(page: Page) -> tuple[int, int, int]:
    """How many rows a frame showed at least, how many the last did, and in how many places the
    cells of the first rows were."""
    page.wait_for_function(f"frames_seen.at(-1)?.[0] === {ROWS}")
    frames = page.evaluate("frames_seen.splice(0)")
    assert page.evaluate(HIDDEN) == 0
    return min(frames)[0], frames[-1][0], len({places for _, places in frames})


@pytest.mark.parametrize("size", SIZES)
def test_rows_of_the_first_screen_come_first_and_stay(
    runs: dict[str, str], size: tuple[int, int]
) -> None:
    width, height = size
    viewport = {"width": width, "height": height}
    with open_still_pages(runs, viewport=viewport) as still:
        still.page.add_init_script(WATCH)
        still.open(RUNS)
        least, last, places = read_frames(still.page)
        assert (height / 37 - 6 < least < ROWS, last, places) == (True, ROWS, 1)


def test_a_click_brings_all_rows_and_keeps_what_was_ticked_and_the_focus(
    runs: dict[str, str],
) -> None:
    with open_still_pages(runs, viewport={"width": 1280, "height": 720}) as still:
        page = still.page
        page.add_init_script(WATCH)
        still.open(RUNS)
        read_frames(page)
        page.locator("#live tbody input").last.check()
        page.evaluate("scrollTo(0, 0)")
        still.updates = {RUNS: runs["part"]}
        heading = page.locator("#live thead a", has_text="Status")

        heading.click()

        page.wait_for_function("document.getElementById('live').version === 'updated'")
        least, last, places = read_frames(page)
        assert (720 / 37 - 6 < least < ROWS, last, places) == (True, ROWS, 1)
        expect(heading).to_be_focused()
        expect(page.locator("#live tbody input:checked")).to_have_count(1)
        expect(page.locator("#live tbody input").last).to_be_checked()


def test_columns_fit_the_window_again_when_its_size_changes(runs: dict[str, str]) -> None:
    with open_still_pages(runs, viewport={"width": 1600, "height": 900}) as still:
        page = still.page
        still.open(RUNS)
        page.wait_for_function(f"{HIDDEN} === 0")
        page.set_viewport_size({"width": 1280, "height": 900})
        table = page.locator("#live table")
        expect(table).to_have_css("table-layout", "auto")
        expect(table.locator("th[style*=width]")).to_have_count(0)
