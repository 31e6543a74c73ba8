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
