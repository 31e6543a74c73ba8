"""What a browser shows and how soon: a long list, what is clicked, what changes by itself."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator

from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import watching, world
from bench.figures import Besides, Figure
from bench.keys import LATER
from bench.services import start_everything
from bench.site import Site
from bench.sizes import Sizes
from bench.static_page import leave_scripts_out, serve_pages, serve_static_page
from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.serving.benchmark_data.founding import OWNER
from tests.browser import chromium

SLOW = 4
THROTTLES = {1: "full speed", SLOW: "a quarter of the CPU"}
ROUNDS = 7
CLICK_SECONDS = 10
SETTLED_MS = 500  # what a page does after it has loaded is no part of a click
TELL_FIRST_ROW = """
const look = () => document.querySelector("tbody tr")?.getClientRects().length
  ? setTimeout(() => { window.firstRowAt = performance.now(); }) : requestAnimationFrame(look);
requestAnimationFrame(look);
localStorage.setItem("live-paused", "yes");
"""
TIME_CLICK = """
async ([what, value]) => {
  const find = () => document.querySelector("#live tbody tr");
  const before = find(), start = performance.now();
  const element = document.querySelector(what);
  if (value === null) element.click();
  else { element.value = value; element.dispatchEvent(new Event("change", { bubbles: true })); }
  return await new Promise((resolve) => {
    const look = () => find() && find() !== before
      ? setTimeout(() => resolve(performance.now() - start)) : requestAnimationFrame(look);
    requestAnimationFrame(look);
  });
}
"""
BY_HTMX_ALONE = """
([what, url]) => {
  const link = document.querySelector(what);
  for (const [name, value] of Object.entries({
    "hx-get": url, "hx-target": "#live", "hx-select": "#live > *", "hx-swap": "innerHTML",
    "hx-push-url": "false", "hx-boost": "false" })) link.setAttribute(name, value);
  htmx.process(link);
}
"""
# {name: the element, and the values that are chosen in turn}
CLICKS: dict[str, tuple[str, tuple[str | None, ...]]] = {
    "sort": ("#live thead th:nth-child(2) a", (None,)),
    "filter": ("#filters select[name=status]", ("ACTIVE", "INACTIVE")),
    "page": (".pager a[rel=next]", (None,)),
}


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs a loop in this thread
    shown = world.create_organisation("Shown", runs=sizes.runs, checkpoints=sizes.checkpoints)
    PollState.objects.filter(key__workspace=shown).update(leased_until=timezone.now() + LATER)
    site = Site(User.objects.get(email=OWNER))
    with (
        start_everything({"LOOPSWEB_POLL_BUSY_SECONDS": str(sizes.busy_seconds)}) as web,
        sync_playwright() as playwright,
        chromium.launch(playwright) as browser,
    ):
        rounds = min(ROUNDS, sizes.rounds)
        path = f"{web.address}/w/{shown.slug}/runs/"
        yield from measure_first_row(browser, path, site.cookie, sizes, rounds=rounds)
        alone = measure_click_alone(browser, path, site.cookie, web.address, rounds=rounds)
        yield from measure_clicks(browser, path, site.cookie, shown, rounds=rounds, alone=alone)
        yield watching.measure(browser, web.address, sizes, api=api)


def measure_first_row(
    browser: Browser, path: str, cookie: str, sizes: Sizes, *, rounds: int
) -> Iterator[Figure]:
    """Each time with nothing in the browser's cache."""
    with serve_static_page() as static:
        for throttle, speed in THROTTLES.items():
            found: dict[str, list[float]] = {path: [], static: []}
            for _ in range(rounds):
                for url, times in found.items():
                    with browser.new_context() as context:
                        page = open_page(context, cookie, path, throttle=throttle)
                        page.goto(url)
                        page.wait_for_function("window.firstRowAt")
                        times.append(page.evaluate("window.firstRowAt"))
            page_ms, floor_ms = (statistics.median(each) for each in found.values())
            name = f"first row visible of {sizes.runs:,}, {speed}"
            yield Figure(name, page_ms, floor_ms, 1.5)


def measure_click_alone(
    browser: Browser, path: str, cookie: str, address: str, *, rounds: int
) -> float:
    """Milliseconds from a click on a page with the markup and styles of the list, and without its
    scripts, until htmx has put the rows of the next page in the place of its own."""
    element, times = CLICKS["sort"][0], list[float]()
    with browser.new_context() as context:
        page = open_page(context, cookie, path, throttle=SLOW)
        pages = {
            file: leave_scripts_out(page.request.get(path + query).text(), address=address)
            for file, query in (("list.html", ""), ("next.html", "?page=2"))
        }
        with serve_pages(pages) as static:
            for _ in range(rounds):
                page.goto(f"{static}/list.html")
                page.wait_for_timeout(SETTLED_MS)
                page.evaluate(BY_HTMX_ALONE, [element, "next.html"])
                times.append(page.evaluate(TIME_CLICK, [element, None]))
    return statistics.median(times)


def measure_clicks(
    browser: Browser, path: str, cookie: str, workspace: Workspace, *, rounds: int, alone: float
) -> Iterator[Figure]:
    """On what nobody has opened since the snapshot changed; beside that, what somebody has, and
    what `measure_click_alone` has found."""
    with browser.new_context() as context:
        page = open_page(context, cookie, path, throttle=SLOW)
        for name, (element, values) in CLICKS.items():
            cold, warm = list[float](), list[float]()
            for number in range(rounds):
                value = values[number % len(values)]
                touch_version(workspace)
                for times in (cold, warm):
                    page.goto(path)
                    page.wait_for_timeout(SETTLED_MS)
                    times.append(page.evaluate(TIME_CLICK, [element, value]))
            besides: Besides = {
                "when kept": (statistics.median(warm), None, "ms"),
                "by htmx, markup and styles alone": (alone, None, "ms"),
            }
            title = f"click on {name} → painted, {THROTTLES[SLOW]}"
            yield Figure(title, statistics.median(cold), None, 100, besides=besides)


def open_page(context: BrowserContext, cookie: str, url: str, *, throttle: int) -> Page:
    """A page that is signed in there and has opened nothing yet."""
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": url}])
    context.set_default_timeout(CLICK_SECONDS * 1000)
    context.add_init_script(TELL_FIRST_ROW)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    return page
