"""Texts that are cut for want of room can be read whole, by keyboard, mouse and touch."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client
from playwright.sync_api import Page

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, Run
from tests.browser.still_pages import open_still_pages
from tests.resources.rows import add_row

LONG = "n" * 255
MODULES = [f"model.layers.{number}.mlp.experts" for number in range(12)]
MODEL = f"meta-llama/{'m' * 60}-3.3-70B-Instruct"
COUNT_CUT = """(row) => [
  ...row.querySelectorAll(".clip, .middle > span, [data-whole] .brief"),
].filter((one) => one.clientWidth
  && (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1)
).length"""
HEIGHT = "(one) => one.getBoundingClientRect().height"
FIND_CUT = """() => [...document.querySelectorAll(".hits .name, .hits .detail")].filter((one) =>
  one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1 ||
  one.getBoundingClientRect().right > innerWidth).map((one) => one.textContent)"""


@pytest.fixture
def pages(small_team: Client, acme: Workspace) -> dict[str, str]:
    Checkpoint.objects.all().delete()
    add_row(Run, acme, "r-long", name=LONG, base_model=MODEL, owner_email="grace@example.com")
    row = add_row(Checkpoint, acme, "c-long", name=LONG, base_model=MODEL, run_remote_id="r-long")
    row.raw["lora_adapter_config"] = {"r": 64, "lora_alpha": 128, "target_modules": MODULES}
    row.save()
    paths = ("/w/acme/checkpoints/", "/w/acme/checkpoints/c-long/", f"/w/acme/search/?q={LONG}")
    return {path: small_team.get(path).content.decode() for path in paths}


def press_tab(page: Page) -> None:
    page.locator("#filters input").last.focus()
    while not page.evaluate("document.activeElement.closest('tbody tr')"):
        page.keyboard.press("Tab")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_row_of_the_focus_and_a_tapped_one_are_whole(pages: dict[str, str], width: int) -> None:
    size = {"width": width, "height": 900}
    with open_still_pages(pages, viewport=size, has_touch=True) as browser:
        page = browser.page
        browser.open("/w/acme/checkpoints/")
        row = page.locator("tbody tr")
        settings = row.locator("[data-label='LoRA adapter']")
        assert settings.inner_text().endswith(f'"{MODULES[-1]}"]')
        cut = row.evaluate(COUNT_CUT)
        assert cut > 0
        press_tab(page)
        assert row.evaluate(COUNT_CUT) == 0
        page.evaluate("document.activeElement.blur()")
        assert row.evaluate(COUNT_CUT) == cut
        height = settings.evaluate(HEIGHT)
        settings.tap()
        assert row.evaluate(COUNT_CUT) == 0
        assert settings.evaluate(HEIGHT) > height
        settings.click()
        assert row.evaluate(COUNT_CUT) == cut


def test_a_checkpoint_tells_all_its_settings(pages: dict[str, str]) -> None:
    with open_still_pages(pages) as browser:
        browser.open("/w/acme/checkpoints/c-long/")
        told = browser.page.locator("dt", has_text="LoRA adapter").locator("+ dd").inner_text()
    modules = ", ".join(f'"{one}"' for one in MODULES)
    assert told == f"r 64, lora_alpha 128, target_modules [{modules}]"


@pytest.mark.parametrize("width", [1280, 390])
def test_search_results_are_whole(pages: dict[str, str], width: int) -> None:
    path = f"/w/acme/search/?q={LONG}"
    with open_still_pages(pages, viewport={"width": width, "height": 900}) as browser:
        browser.open(path)
        details = browser.page.locator(".hits .detail", has_text=LONG)
        assert details.all_inner_texts() == [
            f"{LONG} · {MODEL} · grace@example.com",
            f"{LONG} · {MODEL} · r-long",
        ]
        assert browser.page.evaluate(FIND_CUT) == []


def test_a_filter_tells_its_whole_value(small_team: Client) -> None:
    chosen = f"org/{LONG}"
    path = f"/w/acme/runs/?base_model={quote(chosen, safe='')}"
    pages = {path: small_team.get(path).content.decode()}
    with open_still_pages(pages, viewport={"width": 1280, "height": 900}) as browser:
        browser.open(path)
        model = browser.page.locator("#filters [name=base_model]")
        assert model.get_attribute("title") == f"{chosen} (none)"
        other = model.locator("option").nth(1)
        model.select_option(index=1)
        model.hover()
        assert model.get_attribute("title") == other.inner_text()
        model.select_option(index=0)
        browser.page.mouse.move(0, 0)
        model.hover()
        assert model.get_attribute("title") == ""
        search = browser.page.locator("#filters [name=q]")
        search.fill(LONG)
        search.hover()
        assert search.get_attribute("title") == LONG
