"""What was just created says that it starts, until the API lists it; a guide leads to the first."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import find_client
from loopsweb.resources.pages.creation import CreationRequest
from loopsweb.resources.runs import actions as runs
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

STEP = re.compile(r'<li class="(\w+)".*?<strong>(.*?)</strong>', re.DOTALL)


def list_steps(browser: Client) -> list[tuple[str, str]]:
    """(state, title) of each of the first steps."""
    return STEP.findall(browser.get("/w/acme/").content.decode())


def test_the_first_run_says_who_started_it_until_it_is_listed(
    creator: Client,
    fields: dict[str, str],
    acme: Workspace,
    alice: User,
    clock: Timeline,
    poll: Callable[..., int],
) -> None:
    poll()
    assert [state for state, _ in list_steps(creator)] == ["done", "done", "done", "now"]
    clock.pass_(5)
    by = Actor(
        workspace=acme.slug, person=alice.email, role="admin", address="127.0.0.1", request_id=""
    )
    key_client = find_client(workspace=acme, person=alice)
    created = runs.create_run(
        CreationRequest(fields=fields, once=uuid.uuid4(), key_client=key_client, by=by, clock=clock)
    )
    says = f"by alice@example.com with {key_client.key}"
    assert f"Starting… {says}" in creator.get("/w/acme/runs/").content.decode()
    page = creator.get(f"/w/acme/runs/{created.id}/").content.decode()
    assert "<strong>Starting…</strong> alice@example.com created it" in page
    poll(after=60)
    for path in ("", f"{created.id}/"):
        assert "Starting…" not in creator.get(f"/w/acme/runs/{path}").content.decode()
    assert list_steps(creator) == []


def test_the_guide_begins_with_the_key(alice: User, acme: Workspace, add_key: AddKey) -> None:
    browser = login_as(alice)
    assert list_steps(browser) == [
        ("done", "Team Acme"),
        ("now", "An API key"),
        ("later", "The first answer of the API"),
        ("later", "The first run"),
    ]
    add_key()
    assert [state for state, _ in list_steps(browser)] == ["done", "done", "now", "later"]
