from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Deactivation, Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.personas import login_as
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
    return login_as(alice)


def calls(world: Simulator) -> list[str]:
    return [request.path for request in world.requests if request.method == "POST"]


def test_get_shows_what_ends_and_asks_nothing_of_the_api(
    page: str, browser: Client, deployment: Deployment, world: Simulator
) -> None:
    shown = browser.get(page).context["impact"]
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


def test_where_it_was_asked_for_already_the_pages_lead_to_the_request(
    page: str, browser: Client, deployment: Deployment, filled: dict[str, str]
) -> None:
    browser.post(page, filled)
    asked = Deactivation.objects.get()
    for address in (page, page.removesuffix("deactivation/")):
        shown = browser.get(address).content.decode()
        assert f'href="{asked.get_absolute_url()}"' in shown
        assert "<textarea" not in shown
        assert f'href="{page}"' not in shown


def test_a_refusal_is_told_at_the_top_of_the_page(
    page: str, browser: Client, filled: dict[str, str]
) -> None:
    html = browser.post(page, filled | {"reason": ""}).content.decode()
    top = html[html.index('role="alert"') : html.index("<h1>")]
    assert ">Reason</a>: Enter a reason." in top


def test_without_a_reason_nothing_is_done(
    page: str, browser: Client, filled: dict[str, str], world: Simulator
) -> None:
    answer = browser.post(page, filled | {"reason": "  "})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"reason": ["Enter a reason."]}
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
    assert login_as(vic).post(page, {"reason": "x"}).status_code == 403
    assert login_as(mallory).post(page, {"reason": "x"}).status_code == 404
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
    Run.objects.update(deployment_remote_id="", status="")
    shown = browser.get(page).context["impact"]
    assert (len(shown.runs), shown.is_inferred) == (1, True)


@pytest.fixture
def run(acme: Workspace, deployment: Deployment) -> Run:
    return Run.objects.get(workspace=acme)


def of(row: Run | Sampler) -> str:
    noun = type(row).__name__.lower()
    return f"/w/{row.workspace.slug}/{noun}s/{row.remote_id}/deactivation/"


def outcomes(noun: str) -> list[tuple[str, str]]:
    events = Event.objects.filter(action=f"{noun}.deactivate").order_by("pk")
    return list(events.values_list("outcome", "target_id"))


def test_a_run_is_ended_by_its_own_route_and_confirmed_once_it_is_seen_inactive(
    run: Run, deployment: Deployment, browser: Client, world: Simulator, poll: Poll
) -> None:
    shown = browser.get(of(run)).context["impact"]
    assert (shown.deployment, shown.gpus) == (deployment, deployment.gpus_held)
    assert [one.name for one in shown.syncing] == ["step-2"]

    answer = browser.post(of(run), {"reason": "done", "typed": run.remote_id})

    assert answer.headers["Location"] == of(run).removesuffix("deactivation/")
    assert calls(world) == [f"/v1/loops/runs/{run.remote_id}/deactivate"]
    poll(after=30)
    poll(after=30)
    assert outcomes("run") == [
        ("requested", run.remote_id),
        ("succeeded", run.remote_id),
        ("confirmed", run.remote_id),
    ]
    stopped = Event.objects.get(action="deployment.stop")
    requested = Event.objects.get(action="run.deactivate", outcome="requested")
    assert (stopped.outcome, stopped.incident) == ("confirmed", requested.incident)


def test_a_standalone_sampler_is_ended_and_a_paired_one_says_with_what_it_ends(
    run: Run, browser: Client, world: Simulator, poll: Poll
) -> None:
    alone = world.world.add_sampler()
    poll(after=30)
    world.requests.clear()
    paired = Sampler.objects.get(run_remote_id=run.remote_id)
    assert browser.get(of(paired)).context["blocked"] == (
        f"This sampler is paired with run {run.remote_id} and ends with it."
    )
    sampler = Sampler.objects.get(remote_id=alone.id)
    form = browser.get(of(sampler)).context["form"]

    answer = browser.post(of(sampler), {"reason": "done"})

    assert (list(form.fields), answer.status_code) == (["seen", "reason"], 302)
    assert calls(world) == [f"/v1/loops/samplers/{alone.id}/deactivate"]
    poll(after=60)
    poll(after=60)
    assert outcomes("sampler") == [
        ("requested", alone.id),
        ("succeeded", alone.id),
        ("confirmed", alone.id),
    ]


def test_a_paired_sampler_posted_anyway_is_refused_and_nothing_is_called(
    run: Run, browser: Client, world: Simulator
) -> None:
    paired = Sampler.objects.get(run_remote_id=run.remote_id)
    answer = browser.post(of(paired), {"reason": "done", "typed": paired.remote_id})
    assert answer.status_code == 409
    assert calls(world) == []


def test_an_older_server_ends_a_run_with_its_deployment(
    run: Run, page: str, browser: Client, world: Simulator
) -> None:
    Key.objects.update(offers={"deactivate_run": False})
    answer = browser.get(of(run))
    assert (answer.status_code, answer.headers["Location"]) == (302, page)


def test_the_id_is_asked_for_only_for_anothers_or_where_something_would_be_lost(
    page: str, browser: Client, alice: User, deployment: Deployment, world: Simulator
) -> None:
    Checkpoint.objects.update(sync_status="COMPLETE")
    Deployment.objects.update(owner_email=alice.email.upper())
    assert list(browser.get(page).context["form"].fields) == ["seen", "reason"]
    Deployment.objects.update(owner_email="bo@example.com")
    asked = browser.get(page).context["form"].fields["typed"]
    assert asked.help_text == "It is bo@example.com&#x27;s, not yours."

    wrong = browser.post(page, {"reason": "budget", "typed": "dep_other"})

    assert wrong.status_code == 422
    assert wrong.context["form"].errors == {"typed": ["This is not its ID. Nothing was done."]}
    assert calls(world) == []


def test_what_the_api_says_of_an_owner_is_never_markup(
    page: str, browser: Client, deployment: Deployment
) -> None:
    Deployment.objects.update(owner_email="<b>x</b>")
    assert "<b>x</b>" not in browser.get(page).content.decode()


def test_more_than_was_shown_is_not_ended_before_it_is_looked_at(
    page: str, browser: Client, filled: dict[str, str], world: Simulator
) -> None:
    seen = browser.get(page).context["form"]["seen"].value()
    Checkpoint.objects.update(sync_status="SYNCING")

    answer = browser.post(page, {**filled, "seen": seen})

    assert answer.status_code == 409
    assert answer.context["form"]["reason"].value() == filled["reason"]
    assert calls(world) == []
    again = answer.context["form"]["seen"].value()
    assert browser.post(page, {**filled, "seen": again}).status_code == 302
    assert len(calls(world)) == 1


@pytest.mark.parametrize("seen", ["[]", "x", "7", '{"runs": 5}'])
def test_a_seen_that_says_nothing_is_taken_for_stale(
    page: str, browser: Client, filled: dict[str, str], world: Simulator, seen: str
) -> None:
    assert browser.post(page, {**filled, "seen": seen}).status_code == 409
    assert calls(world) == []
