"""Two rows that differ are told apart by what shows of them, also where texts are cut."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.polling import poller
from loopsweb.simulator import Simulator
from tests.browser.still_pages import open_still_pages
from tests.personas import login_as
from tests.resources.claims import claim_polls

TWINS = ("one", "two")
LONG = "annotated-conversations-of-the-support-team-in-autumn"
PLACES = ("sessions", "runs", "samplers", "checkpoints", "deployments", "timeline", "")
WIDTHS = (1600, 1280, 390)
# The texts that differ in two rows, but show the same: only letters that no box cuts off count, and
# none that gives way to an ellipsis.
FIND_ALIKE = """() => {
  const cuts = (one) => getComputedStyle(one).overflowX !== "visible";
  const read = (text) => {
    const boxes = [];
    for (let one = text.parentElement; one.closest("td, .who, li"); one = one.parentElement) {
      if (!cuts(one)) continue;
      const { left, right, bottom } = one.getBoundingClientRect();
      const em = parseFloat(getComputedStyle(one).fontSize);
      const dots = one.scrollWidth > one.clientWidth ? em : 0;
      boxes.push({ left: left - 1, right: right - dots + 1, bottom: bottom + 1 });
    }
    const range = document.createRange();
    return [...text.data].filter((_, at) => {
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      const seen = range.getBoundingClientRect();
      return seen.width && boxes.every((box) =>
        seen.left >= box.left && seen.right <= box.right && seen.bottom <= box.bottom);
    }).join("");
  };
  const show = (one) => {
    const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    let shown = "";
    while (walker.nextNode()) shown += read(walker.currentNode);
    return shown;
  };
  const find = (row) => [...row.querySelectorAll(
    "td:not(.main, .right, .line), td.main > *, .who > *, .what")];
  const rows = [...document.querySelectorAll("tbody tr, .lane, .feed > li")];
  const alike = rows.flatMap((row, at) => rows.slice(at + 1).flatMap((other) => {
    const others = find(other);
    return find(row).filter((one, n) => others[n]?.className === one.className
      && others[n].textContent.length > 20 && one.textContent !== others[n].textContent
      && show(one) === show(others[n])).map((one) => one.textContent.trim());
  }));
  return [...new Set(alike)];
}"""


def fill(world: Simulator) -> None:
    """Everything twice, with texts that differ at their ends."""
    world.world.clear()
    build = world.world
    for twin in TWINS:
        owner = build.add_user(f"{LONG[:30]}-{twin}@research.example.com")
        session = build.add_session(id=f"sess_{LONG}-{twin}", owner=owner)
        run = build.add_run(
            id=f"run-{LONG}-{twin}",
            session=session,
            name=f"{LONG}-{twin}",
            base_model=f"example/{LONG}-{twin}",
        )
        url = f"https://model-a1b2c3.api.baseten.co/deployment/{twin}123/sync"
        build.add_deployment(id=f"dep_{LONG}-{twin}", run=run, base_url=url)
        for target in ("trainer", "sampler"):
            build.add_checkpoint(
                id=f"chk_{LONG}-{target[0]}-{twin}",
                run=run,
                name=f"step-{LONG}-{twin}",
                target=target,
            )
    short = build.add_run(id="hl7cqs5", session=session)
    for target in ("trainer", "sampler"):
        build.add_checkpoint(run=short, name="step-4400", target=target)


@pytest.fixture
def pages(
    acme: Workspace, alice: User, key: Key, loops: Simulator, now: datetime
) -> dict[str, str]:
    fill(loops)
    for state in claim_polls(now=now):
        poller.run_poll(state, clock=lambda: now)
    client: Client = login_as(alice)
    paths = [f"/w/{acme.slug}/{place}{'/' if place else ''}" for place in PLACES]
    return {path: client.get(path).content.decode() for path in paths}


def test_rows_are_told_apart_by_what_shows_of_them(pages: dict[str, str]) -> None:
    with open_still_pages(pages) as browser:
        found = {}
        for path in pages:
            browser.open(path)
            assert browser.page.locator("tbody tr, .lane").count() > 1
            for width in WIDTHS:
                browser.page.set_viewport_size({"width": width, "height": 900})
                if alike := browser.page.evaluate(FIND_ALIKE):
                    found[path, width] = alike
        assert found == {}
