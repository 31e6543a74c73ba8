"""One task from beginning to end, each time with other means: find what idles and costs most, make
sure that its last checkpoint is safe, stop it, and have somebody else read the record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from loopsweb.serving.demo_people import ADMIN, OPERATOR, PASSWORD
from loopsweb.simulator.workload import PAST
from tests.browser.conftest import TIMEOUT, Visit
from tests.browser.person import sign_in
from tests.processes import Site, run_command

SIMULATOR = ("--workload", "--time-scale", "1")
CREATE_PEOPLE = """
from django.utils import timezone
from loopsweb.serving import demo_people
demo_people.add_key(demo_people.create_people(), now=timezone.now())
"""
REASON = "It has not saved anything for hours."
MOST_STOPS = 120  # of the Tab key on a page
IS_IN_SIGHT = """one => {
  const { left, top, width, height } = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""


def click(target: Locator) -> None:
    target.click()


def tap(target: Locator) -> None:
    target.tap()


def press(target: Locator) -> None:
    reach(target)
    target.page.keyboard.press("Enter")


def reach(target: Locator) -> None:
    """Tab until it has the focus, and see that nothing lies over it."""
    target.wait_for()
    for _ in range(MOST_STOPS):
        target.page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            break
    expect(target).to_be_focused()
    assert target.evaluate(IS_IN_SIGHT), target


@dataclass(frozen=True)
class Means:
    width: int
    choose: Callable[[Locator], None]
    enter: Callable[[Locator], None]

    def type(self, field: Locator, text: str) -> None:
        self.enter(field)
        field.page.keyboard.type(text)


@pytest.fixture(scope="module")
def team(site: Site) -> Site:
    """The demo's people, whose jobs have been running for three days."""
    api = site.environment["LOOPSWEB_API_URLS"]
    seconds = {"seconds": PAST.total_seconds()}
    httpx.post(f"{api}/_simulator/advance", json=seconds, timeout=60).raise_for_status()
    done = run_command("shell", "-c", CREATE_PEOPLE, environment=site.environment)
    assert done.returncode == 0, done.stderr
    return site


@pytest.mark.parametrize(
    "means",
    [
        pytest.param(Means(1280, click, click), id="mouse"),
        pytest.param(Means(390, tap, tap), id="touch"),
        pytest.param(Means(1280, press, reach), id="keyboard"),
        pytest.param(Means(390, press, reach), id="keyboard-narrow"),
    ],
)
def test_what_idles_is_found_and_stopped_and_the_lead_reads_it(
    team: Site, visit: Visit, means: Means
) -> None:
    viewport = {"width": means.width, "height": 844}
    page = visit("/accounts/login/", viewport=viewport, has_touch=means.choose is tap)
    means.type(page.get_by_label("Email"), OPERATOR)
    means.type(page.get_by_label("Password", exact=True), PASSWORD)
    means.choose(page.get_by_role("button", name="Sign in", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

    sentence = stop_costliest(page, means)

    lead = visit("/accounts/login/")
    sign_in(lead, email=ADMIN, password=PASSWORD)
    lead.goto(page.url)
    expect(lead.get_by_text(sentence)).to_be_visible()


def stop_costliest(page: Page, means: Means) -> str:
    """Return what the record says."""
    idle = page.locator("section").filter(has_text="Costs most while idle").get_by_role("row")
    costliest = idle.filter(has_text=re.compile("step-")).first
    expect(costliest).to_be_visible(timeout=TIMEOUT)
    deployment = costliest.get_by_role("link").first.inner_text()
    checkpoint = costliest.get_by_role("link", name=re.compile("^step-"))
    step = checkpoint.inner_text()
    means.choose(checkpoint)
    expect(page.get_by_role("main")).to_contain_text(f"Checkpoint {step} · trainer weights")
    expect(page.locator(".explained")).to_contain_text("COMPLETE")
    means.choose(page.get_by_role("main").locator("a[href*='/runs/'].id"))
    means.choose(page.get_by_role("link", name=f"Deactivate {deployment}"))
    expect(page.get_by_role("main")).to_contain_text(f"Newest trainer checkpoint: {step}")
    means.type(page.get_by_label("Reason"), REASON)
    means.type(page.get_by_label("Type the deployment ID to confirm"), deployment)
    means.choose(page.get_by_role("button", name="Deactivate", exact=True))
    means.choose(page.get_by_role("link", name="See the record"))
    sentence = page.locator(".lead")
    expect(sentence).to_contain_text(f"{OPERATOR} stopped {deployment}")
    expect(sentence).to_contain_text("confirmed")
    text = sentence.inner_text()
    assert re.search(r"; idle for [^;]+, \$[\d,.]+ meanwhile; ", text)
    assert f"; {step} kept; GPU work up to " in text
    assert f" after {step} not saved; because " in text
    assert REASON in text
    return text
