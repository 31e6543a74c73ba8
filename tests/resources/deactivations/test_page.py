from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Deployment
from loopsweb.simulator import Simulator
from tests.personas import client_of
from tests.resources.conftest import AddKey

Poll = Callable[..., int]


@pytest.fixture
def deployment(world: Simulator, add_key: AddKey, poll: Poll) -> Deployment:
    add_key()
    run = world.world.add_run(name="grpo")
    there = world.world.add_deployment(run=run)
    world.world.add_checkpoint(run=run, name="step-1")
    world.world.add_checkpoint(run=run, name="step-2", sync_status="SYNCING")
    poll()
    world.requests.clear()
    return Deployment.objects.get(remote_id=there.id)


@pytest.fixture
def filled(deployment: Deployment) -> dict[str, str]:
    """A checkpoint is SYNCING, so something would be lost and the id is asked for."""
    return {"reason": "budget", "typed": deployment.remote_id}


@pytest.fixture
def page(acme: Workspace, deployment: Deployment) -> str:
    return f"/w/{acme.slug}/deployments/{deployment.remote_id}/deactivation/"


@pytest.fixture
def browser(alice: User) -> Client:
    return client_of(alice)


def calls(world: Simulator) -> list[str]:
    return [request.path for request in world.requests if request.method == "POST"]


def test_get_shows_what_ends_and_asks_nothing_of_the_api(
    page: str, browser: Client, deployment: Deployment, world: Simulator
) -> None:
    shown = browser.get(page).context["preflight"]
    [ending] = shown.runs
    assert ending.run.name == "grpo"
    assert ending.newest.name == "step-1"
    assert [one.name for one in shown.syncing] == ["step-2"]
    assert [one.remote_id for one in shown.samplers] == [ending.run.sampler_remote_id]
    assert (shown.gpus, shown.is_inferred) == (deployment.gpus_held, False)
    assert world.requests == []


def test_post_with_a_reason_deactivates_and_leads_back(
    page: str,
    browser: Client,
    deployment: Deployment,
    filled: dict[str, str],
    world: Simulator,
) -> None:
    answer = browser.post(page, filled)
    assert answer.headers["Location"] == page.removesuffix("deactivation/")
    assert calls(world) == [f"/v1/loops/deployments/{deployment.remote_id}/deactivate"]
    events = Event.objects.filter(action="deployment.deactivate").order_by("pk")
    assert list(events.values_list("outcome", "reason")) == [
        ("requested", "budget"),
        ("succeeded", "budget"),
    ]


def test_without_a_reason_nothing_is_done(
    page: str, browser: Client, filled: dict[str, str], world: Simulator
) -> None:
    answer = browser.post(page, filled | {"reason": "  "})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"reason": ["This field is required."]}
    assert calls(world) == []


def test_a_double_submit_calls_the_api_once(
    page: str, browser: Client, filled: dict[str, str], world: Simulator
) -> None:
    for _ in range(2):
        assert browser.post(page, filled).status_code == 302
    assert len(calls(world)) == 1


def test_what_has_ended_cannot_be_ended_again(
    page: str, browser: Client, deployment: Deployment, world: Simulator
) -> None:
    Deployment.objects.update(status="STOPPED")
    assert "There is nothing to deactivate." in browser.get(page).content.decode()
    answer = browser.post(page, {"reason": "budget"})
    assert answer.status_code == 409
    assert calls(world) == []


def test_a_viewer_is_refused_and_an_outsider_learns_nothing(
    page: str, vic: User, mallory: User, world: Simulator
) -> None:
    assert client_of(vic).post(page, {"reason": "x"}).status_code == 403
    assert client_of(mallory).post(page, {"reason": "x"}).status_code == 404
    assert calls(world) == []


def test_a_read_only_site_refuses_everybody(
    page: str, browser: Client, world: Simulator, settings: Settings
) -> None:
    settings.LOOPSWEB_READ_ONLY = True
    assert browser.post(page, {"reason": "x"}).status_code == 403
    assert browser.get(page).status_code == 403
    assert calls(world) == []


def test_older_servers_name_no_run_so_the_runs_are_inferred_and_it_says_so(
    acme: Workspace, page: str, browser: Client, deployment: Deployment
) -> None:
    Deployment.objects.update(active_run_remote_id="", latest_run_remote_id="")
    deployment.refresh_from_db()
    from loopsweb.resources.models import Run

    Run.objects.update(deployment_remote_id="", status="")
    shown = browser.get(page).context["preflight"]
    assert (len(shown.runs), shown.is_inferred) == (1, True)
