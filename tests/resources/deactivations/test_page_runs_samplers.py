"""Deactivating runs and samplers from their pages."""

from __future__ import annotations

import pytest
from django.test import Client

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.resources.deactivations.conftest import Poll


@pytest.fixture
def deployment(syncing_deployment: Deployment) -> Deployment:
    return syncing_deployment


def list_posts(world: Simulator) -> list[str]:
    return [request.path for request in world.requests if request.method == "POST"]


@pytest.fixture
def run(acme: Workspace, deployment: Deployment) -> Run:
    return Run.objects.get(workspace=acme)


def get_page_url(row: Deployment | Run | Sampler) -> str:
    noun = type(row).__name__.lower()
    return f"/w/{row.workspace.slug}/{noun}s/{row.remote_id}/deactivation/"


def list_outcomes(noun: str) -> list[tuple[str, str]]:
    events = Event.objects.filter(action=f"{noun}.deactivate").order_by("pk")
    return list(events.values_list("outcome", "target_id"))


def test_a_run_is_deactivated_and_confirmed(
    run: Run, deployment: Deployment, browser: Client, world: Simulator, poll: Poll
) -> None:
    impact = browser.get(get_page_url(run)).context["impact"]
    assert (impact.deployment, impact.figures.gpus_held) == (deployment, 3)
    assert [one.name for one in impact.syncing] == ["step-2"]

    response = browser.post(get_page_url(run), {"reason": "done", "typed": run.remote_id})

    assert response.headers["Location"] == get_page_url(run).removesuffix("deactivation/")
    assert list_posts(world) == [f"/v1/loops/runs/{run.remote_id}/deactivate"]
    poll(after=30)
    poll(after=30)
    assert list_outcomes("run") == [
        ("requested", run.remote_id),
        ("succeeded", run.remote_id),
        ("confirmed", run.remote_id),
    ]
    stopped = Event.objects.get(action="deployment.stop")
    requested = Event.objects.get(action="run.deactivate", outcome="requested")
    assert (stopped.outcome, stopped.incident) == ("confirmed", requested.incident)


def test_only_standalone_samplers_can_be_deactivated(
    run: Run, browser: Client, world: Simulator, poll: Poll
) -> None:
    alone = world.world.add_sampler()
    poll(after=30)
    world.requests.clear()
    paired = Sampler.objects.get(run_remote_id=run.remote_id)
    assert browser.get(get_page_url(paired)).context["blocked"] == (
        f"This sampler is paired with run {run.remote_id} and ends with it."
    )
    sampler = Sampler.objects.get(remote_id=alone.id)
    form = browser.get(get_page_url(sampler)).context["form"]

    response = browser.post(get_page_url(sampler), {"reason": "done"})

    asked = [field.name for field in form.asked]
    assert (asked, response.status_code) == (["seen", "reason"], 302)
    assert list_posts(world) == [f"/v1/loops/samplers/{alone.id}/deactivate"]
    poll(after=60)
    poll(after=60)
    assert list_outcomes("sampler") == [
        ("requested", alone.id),
        ("succeeded", alone.id),
        ("confirmed", alone.id),
    ]


def test_a_paired_sampler_leads_to_the_end_of_its_run(run: Run, browser: Client) -> None:
    paired = Sampler.objects.get(run_remote_id=run.remote_id)
    page = get_page_url(paired)
    for url in (page, page.removesuffix("deactivation/")):
        html = browser.get(url).content.decode()
        assert f'href="{get_page_url(run)}"' in html
    assert "It cannot be ended alone: it is paired with run" in html
    assert ">Deactivate run<" in html


def test_nothing_offers_to_protect_or_deactivate_what_has_ended(
    run: Run, deployment: Deployment, browser: Client
) -> None:
    sampler = Sampler.objects.get(run_remote_id=run.remote_id)
    for row in (run, deployment, sampler):
        type(row).objects.update(status="STOPPED" if row == deployment else "INACTIVE")
        page = get_page_url(row).removesuffix("deactivation/")
        html = browser.get(page).content.decode()
        assert f"{page}protection/" not in html
        assert "deactivation/" not in html
        assert browser.post(f"{page}protection/", {"protect": "on"}).status_code == 409
    assert not Event.objects.filter(action__endswith=".protect").exists()


def test_posting_a_paired_sampler_is_refused(run: Run, browser: Client, world: Simulator) -> None:
    paired = Sampler.objects.get(run_remote_id=run.remote_id)
    response = browser.post(get_page_url(paired), {"reason": "done", "typed": paired.remote_id})
    assert response.status_code == 409
    assert list_posts(world) == []


def test_an_older_server_redirects_a_run_to_its_deployment(
    run: Run, deployment: Deployment, browser: Client
) -> None:
    Key.objects.update(offers={"deactivate_run": False})
    response = browser.get(get_page_url(run))
    assert (response.status_code, response.headers["Location"]) == (302, get_page_url(deployment))
