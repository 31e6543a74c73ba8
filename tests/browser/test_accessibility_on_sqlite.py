"""axe-core on one page of each kind, found by links: light and wide, dark and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag, urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.exceptions import Resolver404
from playwright.sync_api import Page, expect

from tests.browser import person
from tests.browser.conftest import TIMEOUT, Visit
from tests.processes import Site, wait_for

FOREIGN_PREFIXES = ("admin:",)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # else axe-core describes every element that passes as well
}
SIMULATOR = ("--runs", "5", "--checkpoints-per-run", "2")  # axe-core is slow on long lists
LOOKS = [("light", 1280), ("dark", 390)]
SIGNED_IN = ["/accounts/logout/"]
SIGNED_OUT = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
]
NOUNS = ("sessions", "runs", "samplers", "checkpoints", "deployments")
OWN_PREFIXES = tuple(
    f"{space}:"
    for space in (*NOUNS, "deactivations", "policy", "dashboard", "keys", "teams", "tokens")
)
VIEWS_WITHOUT_PAGE = {
    *("checkpoints:download", "checkpoints:manifest", "dashboard:export", "dashboard:head"),
    *("dashboard:unsnooze", "dashboard:verification", "teams:revoke_links"),
    "teams:revoke_own_links",
    *("keys:check", "keys:share", "teams:rename", "teams:add_member", "teams:change_role"),
    *("teams:add_workspace", "teams:invite", "teams:revoke_invitation", "teams:policy"),
    *("teams:accept_offer", "teams:decline_offer", "teams:leave", "teams:end_session"),
    "tokens:revoke",
    *("deactivations:approval", "deactivations:refusal", "deactivations:withdrawal"),
    *("deactivations:protection", "deactivations:stop"),
}


def get_view_name(path: str) -> str | None:
    try:
        name = resolve(urlsplit(path).path).view_name
    except Resolver404:
        return None
    return None if name.startswith(FOREIGN_PREFIXES) else name


def list_view_names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            nested = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from list_view_names(pattern.url_patterns, nested)
        elif pattern.name:
            yield prefix + pattern.name


def find_violations(page: Page) -> list[tuple[str, str]]:
    """Return (rule, element) of each violation, in both looks."""
    found: list[tuple[str, str]] = []
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        response: dict[str, Any] = Axe().run(page, options=RULES).response
        found += [
            (f"{violation['id']} ({scheme}, {width} px)", node["html"])
            for violation in response["violations"]
            for node in violation["nodes"]
        ]
    return found


def list_links(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "a[href]", "all => all.map(a => a.getAttribute('href'))"
    )
    return [urldefrag(link).url for link in found if link.startswith("/")]


def deactivate_two_samplers(page: Page) -> str:
    """Request to deactivate two standalone samplers. Return the path of their preview."""
    page.goto("/w/hedy/samplers/")
    boxes = page.locator("input[name=id]")
    for box in boxes.all()[:2]:
        box.check()
    number = min(boxes.count(), 2)
    page.get_by_role("button", name="Review selected").click()
    preview = urlsplit(page.url)
    page.get_by_label("Reason").fill("Nobody samples.")
    page.get_by_label(f"Type {number} to confirm").fill(str(number))
    page.get_by_role("button", name=f"Deactivate {number}", exact=True).click()
    page.wait_for_url("**/deactivations/batches/**")
    return f"{preview.path}?{preview.query}"


def test_logs_are_followed_searched_and_jumped_through(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.sign_in(page, email=person.create_person(site, name="rosa"))
    person.add_key(page, name="Mine", secret="demo-org-key")
    page.goto("/w/rosa/deployments/?status=RUNNING&sort=created")
    wait_for(lambda: page.reload() is not None and person.list_rows(page))
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    page.get_by_role("main").get_by_role("link", name="Logs", exact=True).click()
    lines = page.get_by_role("region", name="Log lines, oldest first")
    shown = lines.get_by_role("listitem")
    expect(page.get_by_text("Following", exact=True)).to_be_visible()
    newest = shown.last.inner_text()
    expect(shown.last).not_to_have_text(newest, timeout=TIMEOUT)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    assert find_violations(page) == []

    page.get_by_role("searchbox", name="Search in the lines of this span").fill("step")
    page.get_by_role("button", name="Show").click()
    number = page.locator("[data-hit-number]")
    expect(number).to_be_visible()
    count = number.inner_text()
    lines.focus()
    page.keyboard.press("n")
    expect(number).to_have_text("1")
    expect(page.locator("#hit mark").first).to_be_in_viewport()
    page.keyboard.press("Shift+N")
    expect(number).to_have_text(count)
    assert find_violations(page) == []

    page.get_by_role("link", name="Last 6 hours").click()
    oldest = page.locator("time").first
    page.get_by_role("link", name="Metrics of this span").click()
    expect(oldest).to_be_visible()
    chart = page.get_by_role("img", name="GPU utilisation in % of a GPU")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("output").first).to_contain_text("GPU 0")
    assert find_violations(page) == []


def test_search_and_single_keys_open_what_is_meant(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.sign_in(page, email=person.create_person(site, name="nell"))
    person.add_key(page, name="Mine", secret="demo-org-key")
    page.goto("/w/nell/deployments/?status=RUNNING")
    wait_for(lambda: page.reload() is not None and person.list_rows(page))
    page.keyboard.press("j")
    first = page.locator(":focus")
    deployment = first.inner_text()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name=f"Select {deployment}")).to_be_checked()
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search")
    expect(field).to_be_focused()
    field.press_sequentially(f"deactivate {deployment}")
    expect(page.get_by_role("option", name=f"Deactivate {deployment}")).to_be_visible()
    assert find_violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What ends")).to_be_visible()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert find_violations(page) == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="You: ").click()
    page.get_by_role("button", name="Off", exact=True).click()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()


def test_no_page_violates_an_accessibility_rule(visit: Visit, site: Site) -> None:
    page = visit("/accounts/login/")
    person.sign_in(page, email=person.create_person(site, name="hedy"))
    person.add_key(page, name="Mine", secret="demo-org-key")
    page.goto("/w/hedy/checkpoints/")
    wait_for(lambda: page.reload() is not None and person.list_rows(page))
    preview = deactivate_two_samplers(page)
    queue, visited = [preview, "/w/hedy/", "/keys/", "/keys/add/", "/teams/"], dict[str, str]()
    violations: dict[tuple[str, str], list[str]] = {}

    def check() -> None:
        for violation in find_violations(page):
            violations.setdefault(violation, []).append(urlsplit(page.url).path)

    while queue:
        path = queue.pop(0)
        kind = get_view_name(path)
        if kind is None or kind in visited or path in SIGNED_IN or "/download/" in path:
            continue
        response = page.request.get(path)
        assert response.ok, (path, response.status)
        if "text/html" not in response.headers["content-type"]:
            continue
        page.goto(path)
        visited[kind] = path
        check()
        queue += list_links(page)
    for path in [*SIGNED_IN, *SIGNED_OUT]:
        if path == SIGNED_OUT[0]:
            page.context.clear_cookies()
        page.goto(path)
        visited[get_view_name(path) or ""] = path
        check()
    assert list(violations) == []
    own_views = {
        name
        for name in list_view_names(get_resolver().url_patterns)
        if name.startswith(OWN_PREFIXES)
    }
    assert own_views - visited.keys() == VIEWS_WITHOUT_PAGE
