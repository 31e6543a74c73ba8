"""No page says "1 runs": every page is visited while there is one of everything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.invitations.actions import create_invitation
from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.record import system_actor
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.models import Batch, Policy
from loopsweb.resources.models import Deployment, Sampler
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.simulator import Simulator
from tests.crawl import crawl
from tests.json_api.conftest import create_token
from tests.personas import login_as

ONE_OF_MANY = re.compile(r"(?<![\d.,:-])1 [a-z]+s\b")
SINGULAR = {"1 address", "1 status"}
UNSEEN = {"script", "style", "svg"}
INLINE = {"a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "time", "time-ago"}
NOUNS = ("sessions", "runs", "samplers", "checkpoints", "deployments")


class VisibleText(HTMLParser):
    """`text` is what a person reads, with a line for each block."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self._unseen = "", 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        self.text += "" if tag in INLINE else "\n"

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN
        self.text += "" if tag in INLINE else "\n"

    def handle_data(self, data: str) -> None:
        self.text += "" if self._unseen else re.sub(r"\s+", " ", data)


def find_wrong_plurals(page: str) -> list[str]:
    return [found for found in ONE_OF_MANY.findall(VisibleText(page).text) if found not in SINGULAR]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p><strong>1</strong> runs</p>", ["1 runs"]),
        ("<td>Wait 1\n seconds.</td>", ["1 seconds"]),
        ("<p>1 run, 11 runs, 2.1 runs</p><td>1</td><td>runs</td>", []),
        ("<p>1 status</p><script>1 runs</script>", []),
    ],
)
def test_wrong_plurals_are_found(page: str, found: list[str]) -> None:
    assert find_wrong_plurals(page) == found


@pytest.fixture
def browser(loops: Simulator, key: Key, alice: User, acme: Workspace) -> Client:
    """alice, in a team with one of everything."""
    loops.world.clear()
    run = loops.world.add_run()
    loops.world.add_deployment(run=run)
    loops.world.add_checkpoint(run=run, name="step-1")
    loops.world.add_sampler(base_model=run.base_model)
    poller.run_poll(PollState.objects.get(key=key).pk, clock=timezone.now)
    Policy.objects.create(team=acme.team, approve_others=True, approval_hours=1, undo_seconds=1)
    create_token(alice, acme)
    create_invitation(
        team=acme.team,
        email="new@example.com",
        role=Role.VIEWER,
        by=system_actor(""),
        now=timezone.now(),
    )
    return login_as(alice)


def request_batch(browser: Client, url: str, remote_id: str) -> None:
    form: Any = browser.get(url, {"id": [remote_id]}).context["form"]
    hidden = {field.name: str(field.value()) for field in form.hidden_fields()}
    browser.post(url, {"id": [remote_id], "reason": "idle", "typed": "1", **hidden})


def test_no_page_uses_a_plural_for_one(browser: Client, acme: Workspace) -> None:
    bulk = {kind: reverse("deactivations:bulk", args=[acme.slug, kind]) for kind in NOUNS[2::2]}
    request_batch(browser, bulk["samplers"], Sampler.objects.get(run_remote_id="").remote_id)
    batch = Batch.objects.get()

    pages = crawl(
        browser,
        acme.get_absolute_url(),
        f"{bulk['deployments']}?id={Deployment.objects.get().remote_id}",
        reverse("deactivations:batch", args=[acme.slug, batch.uid]),
        *(f"/w/{acme.slug}/{noun}/?q=e" for noun in NOUNS),
        *("/keys/", "/teams/", "/tokens/"),
        skip="^/accounts/logout|/api/",
    )

    found = {path: find_wrong_plurals(page.decode()) for path, page in pages.items()}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert len(pages) > len(NOUNS) * 2
