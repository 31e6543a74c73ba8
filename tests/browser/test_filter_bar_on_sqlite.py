"""The filters of a list stand on one line, or on two with the search on the first, whatever is
chosen."""

from __future__ import annotations

from urllib.parse import urlencode

from django.test import Client

from loopsweb.accounts.models import Workspace
from tests.browser.still_pages import open_still_pages

LONG = "n" * 255
LISTS = {  # {list: lines of its filters at 1280 px}
    "sessions": 1,
    "runs": 1,
    "samplers": 1,
    "deployments": 1,
    "deactivations": 1,
    "checkpoints": 2,
    "audit": 2,
}
CHOSEN = [
    {},
    {"base_model": LONG, "checkpoint_path": f"bt://loops:{LONG}/weights/x"},
    dict.fromkeys(("status", "owner", "person", "target"), LONG),
    dict.fromkeys(
        ("status", "base_model", "owner", "person", "action", "outcome", "target", "run_id"), LONG
    ),
]
MEASURE = """() => {
  const form = document.querySelector("#filters");
  const seen = [...form.children].filter((one) => one.checkVisibility());
  const rights = seen.map((one) => Math.max(...[one, ...one.querySelectorAll("input")].map(
    (each) => each.getBoundingClientRect().right)));
  const labels = [...form.querySelectorAll("select")].filter((one) => !one.value);
  return {
    lines: new Set(seen.map((one) => Math.round(one.getBoundingClientRect().top))).size,
    fits: Math.max(...rights) <= form.getBoundingClientRect().right + 1,
    cut: labels.filter((one) => one.clientWidth < 80).map((one) => one.name),
  };
}"""

MEASURE_SEARCH = """() => {
  const field = document.querySelector("#filters [name=q]");
  const style = getComputedStyle(field);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return [field.ariaLabel, field.placeholder, pen.measureText(field.placeholder).width > room];
}"""


def test_filters_fit_their_lines_with_values_of_255_letters(
    small_team: Client, acme: Workspace
) -> None:
    paths = {
        f"/w/{acme.slug}/{name}/?{urlencode(chosen)}".removesuffix("?"): lines
        for name, lines in LISTS.items()
        for chosen in CHOSEN
    }
    pages = {path: small_team.get(path).content.decode() for path in paths}
    found = {}
    with open_still_pages(pages) as browser:
        browser.page.set_viewport_size({"width": 1280, "height": 800})
        for path in paths:
            browser.open(path)
            found[path] = browser.page.evaluate(MEASURE)
    assert found == {path: {"lines": n, "fits": True, "cut": []} for path, n in paths.items()}


def test_the_search_is_named_by_what_it_finds_and_its_hint_is_whole(
    small_team: Client, acme: Workspace
) -> None:
    pages = {
        path: small_team.get(path).content.decode()
        for path in (f"/w/{acme.slug}/{name}/" for name in LISTS)
    }
    cut: list[tuple[str, int]] = []
    named: dict[str, str] = {}
    with open_still_pages(pages) as browser:
        for path in pages:
            for width in (1280, 390):
                browser.page.set_viewport_size({"width": width, "height": 800})
                browser.open(path)
                name, hint, is_cut = browser.page.evaluate(MEASURE_SEARCH)
                named[name] = hint
                cut += [(path, width)] * is_cut
    assert len(named) == len(LISTS)
    assert named == {name: name for name in named}
    assert cut == []
