from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.polling import poller
from loopsweb.simulator import Simulator
from tests import personas
from tests.browser import chromium
from tests.composed import start_compose
from tests.conftest import ConnectApi
from tests.processes import Site, single_process_environment, start_simulator, start_site
from tests.resources.claims import claim_polls

FREQUENT_POLLS = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
COOP_IGNORED = "Cross-Origin-Opener-Policy header has been ignored"
TIMEOUT = 60_000  # milliseconds, on a machine that is busy
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.share() as browser:
        yield browser


@pytest.fixture(scope="session", autouse=True)
def shared_browser_is_closed() -> Iterator[None]:
    yield
    chromium.close_shared()


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


@pytest.fixture
def small_world(connect_api: ConnectApi) -> Simulator:
    """An API with little in it: what a browser takes for a page grows with its elements."""
    simulator = Simulator(now=timezone.now(), runs=5, checkpoints_per_run=1)
    connect_api(httpx.WSGITransport(app=simulator))
    return simulator


@pytest.fixture
def small_team(small_world: Simulator, acme: Workspace, alice: User) -> Client:
    """alice, signed in, after the first poll of that API."""
    personas.add_key(alice, workspace=acme, secret="demo-org-key", now=small_world.world.now)
    poll(small_world)
    return personas.login_as(alice)


def poll(simulator: Simulator) -> None:
    """Read the API at its own time."""
    for state in claim_polls(now=simulator.world.now):
        poller.run_poll(state, clock=lambda: simulator.world.now)
