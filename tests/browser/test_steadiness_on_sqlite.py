"""Pages stand still while they load and update, and keep what tells things apart when the system
asks for other colours or less motion."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from playwright.sync_api import Page, expect

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Deactivation, Deployment
from loopsweb.simulator import Simulator
from tests.browser.axe import run_axe
from tests.browser.conftest import poll
from tests.browser.still_pages import open_still_pages

LISTS = ("sessions", "runs", "samplers", "checkpoints", "deployments", "audit", "deactivations")
MAX_SHIFT = 0.02
OBSERVE = """window.shift = 0;
window.note = (entries) => { for (const { value } of entries) shift += value; };
window.shifts = new PerformanceObserver((list) => note(list.getEntries()));
shifts.observe({ type: "layout-shift", buffered: true });"""
SUM_UP = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  note(shifts.takeRecords());
  done(shift);
})))"""
ASK_NOW = "document.dispatchEvent(new CustomEvent('live:pause'))"
MEANINGS = """() => [...document.querySelectorAll("[class~=status]")].map((one) => {
  const { backgroundColor, backgroundImage, borderRadius, clipPath, transform, borderTopWidth }
    = getComputedStyle(one, "::before");
  return [one.className, JSON.stringify([backgroundColor, backgroundImage, borderRadius, clipPath,
    transform, borderTopWidth])];
})"""
FOCUS = """() => [...document.querySelectorAll("main a, main button, main input")]
  .filter((one) => one.checkVisibility() && !one.disabled).filter((one) => {
    one.focus({ focusVisible: true, preventScroll: true });
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle === "none" || outlineWidth === "0px";
  }).map((one) => one.outerHTML)"""


def read_pages(client: Client, acme: Workspace) -> dict[str, str]:
    """The pages that people leave open."""
    deployment = Deployment.objects.in_workspace(acme).filter(status="RUNNING").first()
    assert deployment
    detail = f"/w/acme/deployments/{deployment.remote_id}/"
    stop = client.get(f"{detail}deactivation/").context["form"]
    sent = {field.name: field.value() for field in stop.hidden_fields()}
    sent |= {"reason": "It idles.", "typed": deployment.remote_id}
    assert client.post(f"{detail}deactivation/", sent).status_code == 302
    others = ["/w/acme/", detail, "/w/acme/timeline/", "/w/acme/checkpoints/plan/"]
    record = f"/w/acme/deactivations/{Deactivation.objects.get().incident}/"
    paths = [*others, record, *(f"/w/acme/{name}/" for name in LISTS)]
    return {path: client.get(path).content.decode() for path in paths}


def read_updates(client: Client, pages: dict[str, str]) -> dict[str, str]:
    headers = {"HX-Request": "true", "HX-Target": "live"}
    live = [path for path, html in pages.items() if "<live-region" in html]
    return {path: client.get(path, headers=headers).content.decode() for path in live}


def test_nothing_moves_while_a_page_loads_or_updates(
    small_team: Client, small_world: Simulator, acme: Workspace
) -> None:
    pages = read_pages(small_team, acme)
    small_world.advance(timedelta(hours=1).total_seconds())
    poll(small_world)
    updates = read_updates(small_team, pages)
    assert len(updates) == len(pages) - 2  # the timeline and the plan do not update by themselves
    shifts = {}
    with open_still_pages(pages) as browser:
        page = browser.page
        page.add_init_script(OBSERVE)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            for path in pages:
                browser.open(path)
                shifts[path, width, "load"] = page.evaluate(SUM_UP)
                if path in updates:
                    browser.updates = {path: updates[path]}
                    page.evaluate(ASK_NOW)
                    page.wait_for_function("document.getElementById('live').version === 'updated'")
                    shifts[path, width, "update"] = page.evaluate(SUM_UP)
    assert {case: shift for case, shift in shifts.items() if shift > MAX_SHIFT} == {}


def test_forced_colours_and_less_motion_take_nothing_away(
    small_team: Client, acme: Workspace
) -> None:
    pages = read_pages(small_team, acme)
    options = {"forced_colors": "active", "reduced_motion": "reduce"}
    with open_still_pages(pages, **options) as browser:
        for path in pages:
            browser.open(path)
            page = browser.page
            assert (path, run_axe(page)) == (path, [])
            assert (path, page.evaluate(FOCUS)) == (path, [])
            assert page.evaluate("document.getAnimations().length") == 0
            check_marks(page)


def check_marks(page: Page) -> None:
    """Statuses of two kinds have two marks, and so have the spans of a chart."""
    marks = dict(page.evaluate(MEANINGS))
    assert len(set(marks.values())) == len(marks), marks
    patterns = page.locator(".chart .pattern")
    if patterns.count():
        expect(patterns.first).to_have_css("forced-color-adjust", "none")
