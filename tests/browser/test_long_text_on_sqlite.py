"""Names and ids of 255 letters, and model names where there is little room."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.polling import poller
from loopsweb.simulator import Simulator
from tests.browser.still_pages import StillPages, open_still_pages, read_pages
from tests.personas import login_as
from tests.resources.claims import claim_polls

LLAMA = "meta-llama/Llama-3.3-70B-Instruct"
LONG = "n" * 255
FIND_WIDE = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const clips = (one) => getComputedStyle(one).overflowX !== "visible";
  const isClipped = (one) => one !== document.body && (clips(one) || isClipped(one.parentElement));
  const beyond = [...document.querySelectorAll("body *")].filter((one) => {
    return one.getBoundingClientRect().right > clientWidth + 1 && !isClipped(one);
  });
  const shown = beyond.slice(0, 8).map((one) => one.outerHTML.slice(0, 120));
  return scrollWidth > clientWidth ? shown : null;
}"""
FIND_CUT = """() => [...document.querySelectorAll("tr:has(a[href*=known])")]
  .flatMap((row) => [...row.querySelectorAll("td.text:not(.line), .middle > :last-child, .id")])
  .filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth
    || one.matches(".id:not(:has(span))") && one.getClientRects().length > 1)
  .map((one) => one.textContent)"""
WIDTHS = (1280, 640, 390)  # 640 is 1280 at 200 %


def fill(world: Simulator, *, now: datetime) -> None:
    """Resources whose every text is as long as it may be."""
    world.world.clear()
    build = world.world
    owner = build.add_user(f"{'e' * 243}@example.com", LONG)
    session = build.add_session(id=f"s{LONG[1:]}", owner=owner)
    run = build.add_run(
        id=f"r{LONG[1:]}", session=session, name=LONG, base_model=f"{'m' * 120}/{'o' * 134}"
    )
    build.add_deployment(id=f"d{LONG[1:]}", run=run)
    for status, target in (("COMPLETE", "trainer"), ("SYNCING", "sampler")):
        build.add_checkpoint(run=run, name=LONG, target=target, sync_status=status)
    owner = build.add_user("grace@example.com")
    session = build.add_session(id="sess_known1", owner=owner)
    known = build.add_run(id="known12", session=session, name="support-tone-v4", base_model=LLAMA)
    build.add_deployment(id="dep_known1", run=known, status="SCALED_TO_ZERO")
    build.add_checkpoint(id="chkpt_known1", run=known, name="step-4400")


@pytest.fixture
def pages(
    acme: Workspace, alice: User, key: Key, loops: Simulator, now: datetime, settings: Settings
) -> dict[str, str]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    fill(loops, now=now)
    for state in claim_polls(now=now):
        poller.run_poll(state, clock=lambda: now)
    alice.is_staff = True
    alice.save()
    client: Client = login_as(alice)
    pages = read_pages(
        client, f"/w/{acme.slug}/", skip="/admin/|logout|/accounts/|/teams/|/keys/|sort=|export"
    )
    return pages | read_answers(client, acme)


def read_answers(client: Client, workspace: Workspace) -> dict[str, str]:
    """The pages that follow on what was sent, and have no address of their own."""
    team = f"/teams/{workspace.team_id}"
    token = {"name": LONG[:100], "workspace": workspace.slug, "scope": "act", "days": "7"}
    sent: dict[str, dict[str, str]] = {
        "/tokens/make/": token,
        f"{team}/invitations/": {"email": f"{'e' * 50}@{'f' * 60}.example", "role": "viewer"},
        f"{team}/workspaces/": {"name": ""},
    }
    answers = {path: client.post(path, fields) for path, fields in sent.items()}
    assert [one.status_code for one in answers.values()] == [201, 201, 422]
    return {f"/answers{path}": one.content.decode() for path, one in answers.items()}


def test_no_page_scrolls_sideways_and_models_keep_what_tells_them_apart(
    pages: dict[str, str], acme: Workspace
) -> None:
    with open_still_pages(pages, java_script_enabled=False) as browser:
        assert {path: wide for path in pages if (wide := find_wide(browser, path))} == {}
        browser.open(f"/w/{acme.slug}/deployments/")
        model = browser.page.locator(".middle", has_text=LLAMA)
        tail = model.locator("span").last
        assert (model.text_content(), tail.text_content()) == (LLAMA, "3.3-70B-Instruct")
        assert tail.evaluate("one => one.scrollWidth <= one.clientWidth")
        for noun in ("runs", "deployments", "samplers", "checkpoints"):
            browser.open(f"/w/{acme.slug}/{noun}/")
            browser.page.set_viewport_size({"width": 1280, "height": 900})
            assert browser.page.locator("tr", has_text="known").count()
            assert (noun, browser.page.evaluate(FIND_CUT)) == (noun, [])
        browser.open(f"/w/{acme.slug}/runs/")
        box = browser.page.locator("td.main", has_text=LONG).first.bounding_box()
        assert box
        assert box["width"] < 180  # pixels: it takes no room from the other columns


def find_wide(browser: StillPages, path: str) -> dict[int, list[str]]:
    """The widths at which the page is wider than the window, with what is too wide."""
    browser.open(path)
    found = {}
    for width in WIDTHS:
        browser.page.set_viewport_size({"width": width, "height": 900})
        if (wide := browser.page.evaluate(FIND_WIDE)) is not None:
            found[width] = wide
    return found
