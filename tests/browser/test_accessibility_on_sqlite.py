"""axe-core on one page of each view, found by links: light and wide, dark and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from loopsweb.accounts.models import Workspace
from loopsweb.resources.samplers.models import Sampler
from tests.browser.axe import find_violations
from tests.browser.still_pages import open_still_pages, read_pages
from tests.crawl import get_page_kind

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
    *(
        "dashboard:record_proof",
        "dashboard:unsnooze",
        "dashboard:verification",
        "teams:revoke_links",
    ),
    "teams:revoke_own_links",
    *("keys:check", "keys:share", "teams:rename", "teams:add_member", "teams:change_role"),
    *("teams:add_workspace", "teams:invite", "teams:revoke_invitation", "teams:policy"),
    *("teams:accept_offer", "teams:decline_offer", "teams:leave", "teams:end_session"),
    "tokens:revoke",
    *("deactivations:approval", "deactivations:refusal", "deactivations:withdrawal"),
    *("deactivations:protection", "deactivations:stop"),
}


def list_view_names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            nested = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from list_view_names(pattern.url_patterns, nested)
        elif pattern.name:
            yield prefix + pattern.name


def deactivate_samplers(client: Client, workspace: Workspace) -> str:
    """Request to deactivate the standalone samplers. Return the path of their preview."""
    alone = Sampler.objects.in_workspace(workspace).filter(run_remote_id="")
    ids = [sampler.remote_id for sampler in alone]
    path = f"/w/{workspace.slug}/samplers/deactivations/?{urlencode({'id': ids}, doseq=True)}"
    form = client.get(path).context["form"]
    sent = {field.name: field.value() for field in form.hidden_fields()}
    sent |= {"id": ids, "reason": "Nobody samples.", "typed": str(form.number)}
    answer = client.post(path, sent)
    assert answer.status_code == 302, answer.content
    return path


def test_no_page_violates_an_accessibility_rule(small_team: Client, acme: Workspace) -> None:
    preview = deactivate_samplers(small_team, acme)
    starts = [preview, "/w/acme/", "/keys/", "/keys/add/", "/teams/", *SIGNED_IN]
    pages = read_pages(small_team, *starts, skip="/admin/|/download/")
    pages |= read_pages(Client(), *SIGNED_OUT, skip=".")
    violations: dict[tuple[str, str], list[str]] = {}
    with open_still_pages(pages) as browser:
        for path in pages:
            browser.open(path)
            for violation in find_violations(browser.page):
                violations.setdefault(violation, []).append(path)
    assert violations == {}
    own_views = {
        name
        for name in list_view_names(get_resolver().url_patterns)
        if name.startswith(OWN_PREFIXES)
    }
    assert own_views - {get_page_kind(path) for path in pages} == VIEWS_WITHOUT_PAGE
