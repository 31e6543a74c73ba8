"""IDs of a list stand below each other, whether or not their rows can be selected."""

from __future__ import annotations

import pytest
from django.test import Client

from loopsweb.accounts.models import Workspace
from tests.browser.still_pages import open_still_pages
from tests.resources.rows import MODELS, add_row

ENDED = {"runs": "INACTIVE", "samplers": "INACTIVE", "deployments": "STOPPED"}
MEASURE = """() => {
  const lefts = (selector) => [...document.querySelectorAll(selector)]
    .map((one) => Math.round(one.getBoundingClientRect().left));
  return {
    boxes: document.querySelectorAll("td.select > input").length,
    ids: [...new Set(lefts("td.select .id"))].length,
    rows: lefts("td.select .id").length,
    heading: lefts("th:first-child > a")[0] === lefts("td.select .id")[0],
  };
}"""


@pytest.mark.parametrize("width", [1600, 1280, 390])
def test_ids_stand_below_each_other(small_team: Client, acme: Workspace, width: int) -> None:
    for slug, ended in ENDED.items():
        model = MODELS[slug]
        model.objects.all().delete()
        add_row(model, acme, "selectable", status="SCALED_TO_ZERO")
        add_row(model, acme, "ended", status=ended)
    paths = [f"/w/{acme.slug}/{slug}/" for slug in ENDED]
    pages = {path: small_team.get(path).content.decode() for path in paths}
    with open_still_pages(pages, viewport={"width": width, "height": 900}) as browser:
        for path in paths:
            browser.open(path)
            found = browser.page.evaluate(MEASURE)
            assert (path, found) == (
                path,
                {"boxes": 1, "ids": 1, "rows": 2, "heading": width > 640},
            )
