"""How soon a page that is open shows what changed in the API."""

from __future__ import annotations

import math
import time

from playwright.sync_api import Browser, expect

from bench.figures import Besides, Figure
from bench.keys import add_key
from bench.site import Site
from bench.sizes import Sizes
from loopsweb.loops_api import Client
from loopsweb.resources.snapshot.poll_state import PollState

SECRET = "demo-org-key"  # noqa: S105 (of the simulator)
LATE = 2.5  # seconds after the next poll
LONGEST = 60.0


def measure(browser: Browser, address: str, sizes: Sizes, *, api: str) -> Figure:
    """A run is created in the API, again and again; a person watches the list and moves the pointer
    now and then."""
    state = add_key(1, api=api, secret=SECRET)
    PollState.objects.filter(pk=state.pk).update(next_poll_at=state.key.created_at)
    site = Site(state.key.owner)
    client = Client(base_url=api, key=SECRET)
    session, model = client.create_session().id, next(iter(client.list_runs())).base_model or ""
    times = []
    with browser.new_context() as context:
        name, _, value = site.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/w/{state.key.workspace.slug}/runs/?sort=-created")
        rows = page.locator("#live tbody tr")
        expect(rows.first).to_be_visible(timeout=LONGEST * 1000)
        for number in range(sizes.changes):
            page.mouse.move(number % 100, 100)
            run, start = client.create_run(session_id=session, base_model=model), time.monotonic()
            expect(rows.filter(has_text=run.id)).to_be_visible(timeout=LONGEST * 1000)
            times.append(time.monotonic() - start)
    times.sort()
    interval = sizes.busy_seconds
    besides: Besides = {
        "at most": (times[-1], None, "s"),
        "changes": (float(sizes.changes), None, ""),
    }
    return Figure(
        f"change in the API → on a page that is open, p95, polls every {interval:g} s",
        times[math.ceil(len(times) * 0.95) - 1],
        None,
        interval + LATE,
        unit="s",
        besides=besides,
    )
