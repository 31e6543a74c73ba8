"""Makes the pictures of README and docs, from the demo: `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.processes import build_command, start_process, wait_for
from tests.servers import find_free_port

ADMIN, PASSWORD = "admin@example.com", "demo"  # of the demo
FOLDER = Path(__file__).parent.parent / "docs" / "images"
WIDE = {"width": 1280, "height": 860}
NARROW = {"width": 390, "height": 844}
IDLE = "support-tone-v4"  # the run of the demo that idles and costs most
PICTURES = {  # name: path, or the name of the run whose deactivation it shows
    "overview": "/w/demo/",
    "deployments": "/w/demo/deployments/?sort=-cost",
    "deactivation": IDLE,
    "checkpoints": "/w/demo/checkpoints/",
    "audit": "/w/demo/audit/",
}


def take_pictures(browser: Browser, address: str) -> None:
    for name, look, size in (
        *((name, "light", WIDE) for name in PICTURES),
        ("overview", "dark", WIDE),
        ("overview", "light", NARROW),
    ):
        options = {"color_scheme": look, "viewport": size, "reduced_motion": "reduce"}
        page = browser.new_context(base_url=address, **options).new_page()  # type: ignore[arg-type]
        sign_in(page)
        open_page(page, PICTURES[name])
        suffix = "-dark" if look == "dark" else "-narrow" if size is NARROW else ""
        page.screenshot(path=FOLDER / f"{name}{suffix}.png", animations="disabled")
        page.context.close()


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/demo/")


def open_page(page: Page, place: str) -> None:
    if place.startswith("/"):
        page.goto(place)
    else:
        page.goto(f"/w/demo/runs/?q={place}")
        page.locator("td.main a").first.click()
        page.locator("main a[href$='/deactivation/']").first.click()
    page.wait_for_load_state()
    page.mouse.move(0, 0)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    port, api_port = find_free_port(), find_free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "demo.log"
        command = build_command("demo", "--port", str(port), "--api-port", str(api_port))
        there = {"LOOPSWEB_DEMO_DIR": f"{folder}/demo"}
        with (
            start_process(command, log=log, environment=there) as demo,
            sync_playwright() as playwright,
            chromium.launch(playwright) as browser,
        ):
            wait_for(lambda: "The demo is up" in demo.read_log(), timeout=180)
            take_pictures(browser, f"http://127.0.0.1:{port}")
    print(*sorted(one.name for one in FOLDER.glob("*.png")), sep="\n")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
