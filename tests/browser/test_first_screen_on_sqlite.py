"""What people come to the overview for is on its first screen, whatever there is to tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from loopsweb.simulator.faults import Fault
from tests.browser.conftest import poll
from tests.browser.still_pages import open_still_pages
from tests.resources.rows import add_row

ORDER = ["Costs most while idle", "Running now", "Cost and GPUs over time"]
SCREENS = ((1280, 800), (390, 800))
CASES: dict[str, tuple[int, Decimal | None]] = {  # {case: rows, their price}
    "empty": (0, None),
    "one": (1, Decimal(40)),
    "many": (12, Decimal(40)),
    "unknown prices": (3, None),
    "failing": (3, Decimal(40)),
}


def fill(workspace: Workspace, count: int, price: Decimal | None, *, now: datetime) -> None:
    Deployment.objects.all().delete()
    fields: dict[str, Any] = {"gpus": 8, "usd_per_hour": price, "gpus_of": "pair", "usd_of": "pair"}
    for number in range(count):
        add_row(
            Deployment,
            workspace,
            f"dep_{number}",
            status="RUNNING",
            base_model="meta-llama/Llama-3.3-70B-Instruct",
            owner_email="grace@example.com",
            last_work_sign="checkpoint",
            last_work_at=now - timedelta(hours=2 + number),
            **fields,
        )


def find_bottoms(page: Page) -> dict[str, float]:
    """Where what must be seen first ends, in pixels from the top."""
    idle = page.locator("section", has=page.get_by_role("heading", name=ORDER[0]))
    seen = {"cost": page.get_by_text("Cost now"), "idle": idle.locator("tbody tr, .empty").first}
    if (stop := idle.get_by_role("link", name="Deactivate")).count():
        seen["stop"] = stop.first
    boxes = {name: one.bounding_box() for name, one in seen.items()}
    return {name: box["y"] + box["height"] for name, box in boxes.items() if box}


@pytest.mark.parametrize("case", CASES)
def test_cost_and_what_idles_are_on_the_first_screen(
    small_team: Client, small_world: Simulator, acme: Workspace, case: str
) -> None:
    count, price = CASES[case]
    fill(acme, count, price, now=small_world.world.now)
    if case == "failing":
        small_world.faults.pending.append(Fault("*", "status", count=None))
        small_world.advance(timedelta(hours=1).total_seconds())
        poll(small_world)
    page_now = small_team.get("/w/acme/").content.decode()
    with open_still_pages({"/w/acme/": page_now}) as browser:
        browser.open("/w/acme/")
        headings = browser.page.locator("main h2").all_inner_texts()
        assert [one for one in headings if one in ORDER] == ORDER
        for width, height in SCREENS:
            browser.page.set_viewport_size({"width": width, "height": height})
            bottoms = find_bottoms(browser.page)
            assert len(bottoms) == (3 if count else 2)
            assert {name: at for name, at in bottoms.items() if at > height} == {}
