"""What the API says about one thing now."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.pages.answer_views import FETCH
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.rows import MODELS, add_row

Create = Callable[[Simulator], str]
CREATE: dict[str, Create] = {
    "sessions": lambda loops: loops.world.add_session().id,
    "runs": lambda loops: loops.world.add_run(status="ACTIVE").id,
    "samplers": lambda loops: loops.world.add_sampler(status="ACTIVE").id,
    "deployments": lambda loops: loops.world.add_deployment(status="RUNNING").id,
}


@pytest.fixture
def browser(vic: User, acme: Workspace, key: Key, loops: Simulator) -> Client:
    loops.requests.clear()
    return login_as(vic)


@pytest.mark.parametrize("noun", sorted(FETCH))
def test_the_answer_is_asked_for_on_a_click_and_not_stored(
    browser: Client, acme: Workspace, loops: Simulator, noun: str
) -> None:
    remote_id = CREATE[noun](loops)
    row = add_row(MODELS[noun], acme, remote_id)
    url = reverse(f"answer-{noun}", args=[acme.slug, remote_id])
    page = browser.get(reverse(f"{noun}:detail", args=[acme.slug, remote_id]))
    assert f'hx-get="{url}"' in page.content.decode()
    assert list(loops.requests) == []
    answer = browser.get(url)
    assert (answer.status_code, len(list(loops.requests))) == (200, 1)
    assert f'"id": "{remote_id}"' in unescape(answer.content.decode())
    assert "asked at" in answer.content.decode()
    assert MODELS[noun].objects.get(pk=row.pk).raw == row.raw


def test_an_unknown_id_is_an_answer_and_a_failure_is_none(
    browser: Client, acme: Workspace, loops: Simulator
) -> None:
    add_row(MODELS["runs"], acme, "gone")
    url = reverse("answer-runs", args=[acme.slug, "gone"])
    answer = browser.get(url)
    assert answer.status_code == 200
    assert "The Loops API did not find it" in answer.content.decode()
    loops.add_fault("GET *", mode="status", status=500)
    assert browser.get(url).status_code == 502
    loops.add_fault("GET *", mode="status", status=500)
    part = browser.get(url, headers={"hx-request": "true", "hx-target": "answer"})
    assert part.status_code == 200
    assert "The Loops API had an internal error" in part.content.decode()
