from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser import chromium
from tests.composed import start_compose
from tests.processes import Site, single_process_environment, start_simulator, start_site

FREQUENT_POLLS = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
COOP_IGNORED = "Cross-Origin-Opener-Policy header has been ignored"
TIMEOUT = 15_000  # milliseconds
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, chromium.launch(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The real processes: one on SQLite, those of docker-compose.yml on PostgreSQL.

    A module's `SIMULATOR` has more options for the simulated API.
    """
    folder, options = tmp_path_factory.mktemp("site"), getattr(request.module, "SIMULATOR", ())
    with start_simulator(folder, "--time-scale", "20", *options) as api:
        if request.config.getoption("--on") == "sqlite":
            environment = single_process_environment(
                folder, api=api, ALLOWED_HOSTS=chromium.PLAIN_HOST
            )
            with start_site(folder, environment) as site:
                yield site
        else:
            with start_compose(folder, LOOPSWEB_API_URLS=api, **FREQUENT_POLLS) as stack:
                yield stack.site


def list_errors(message: ConsoleMessage) -> list[str]:
    """The text of an error. Over plain http, browsers report a header that they ignore."""
    is_error = message.type == "error" and COOP_IGNORED not in message.text
    return [message.text] if is_error else []


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Open the site in a new browser, not signed in. Errors in a page fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(path: str = "/", **options: object) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(base_url=site.address, **options)  # type: ignore[arg-type]
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.extend(list_errors(message)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
