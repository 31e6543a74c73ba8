"""The rules of accessibility that axe-core checks."""

from __future__ import annotations

import json

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # else axe-core describes every element that passes as well
}
RUN = f"""() => axe.run(document, {json.dumps(RULES)}).then(({{ violations }}) =>
  violations.flatMap(({{ id, nodes }}) => nodes.map(({{ html }}) => [id, html])))"""
LOOKS = [("light", 1280), ("dark", 390)]
HEIGHT = 3000  # so that nothing lies under what sticks to an edge, whose place depends on scrolling


def find_violations(page: Page) -> list[tuple[str, str]]:
    """Return (rule, element) of each violation, in both looks."""
    found: list[tuple[str, str]] = []
    before = page.viewport_size
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": HEIGHT})
        look = f"{scheme}, {width} px"
        found += [(f"{rule} ({look})", element) for rule, element in run_axe(page)]
    if before:
        page.set_viewport_size(before)
    return found


def run_axe(page: Page) -> list[tuple[str, str]]:
    """(rule, element) of each violation, in the page as it looks now."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(Axe().axe_script)
    found: list[tuple[str, str]] = page.evaluate(RUN)
    return [(rule, element) for rule, element in found]
