from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import chromium
from tests.composed import start_compose
from tests.processes import Site, embedded_environment, start_simulator, start_site

OFTEN = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
MILLISECONDS = 15_000
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, chromium.launch(playwright) as it:
        yield it


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Site]:
    """The real processes: all in one on SQLite, or as docker-compose.yml has them."""
    folder = tmp_path_factory.mktemp("site")
    with start_simulator(folder, "--time-scale", "20") as api:
        if pytestconfig.getoption("--on") == "sqlite":
            with start_site(folder, embedded_environment(folder, api=api)) as site:
                yield site
        else:
            with start_compose(folder, LOOPSWEB_API_URLS=api, **OFTEN) as everything:
                yield everything.site


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Opens the site in a browser of its own, as nobody. What a page complains of, fails."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str = "/", **options: object) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(base_url=site.address, **options)  # type: ignore[arg-type]
        context.set_default_timeout(MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda it: complaints.append(it.text) if it.type == "error" else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
