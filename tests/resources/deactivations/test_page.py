from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Checkpoint, Deactivation, Deployment, Run
from loopsweb.simulator import Simulator
from tests.personas import login_as


@pytest.fixture
def deployment(syncing_deployment: Deployment) -> Deployment:
    return syncing_deployment


@pytest.fixture
def form_data(deployment: Deployment) -> dict[str, str]:
    """Includes the ID, which is required because a SYNCING checkpoint could be lost."""
    return {"reason": "budget", "typed": deployment.remote_id}


@pytest.fixture
def page(acme: Workspace, deployment: Deployment) -> str:
    return f"/w/{acme.slug}/deployments/{deployment.remote_id}/deactivation/"


def list_posts(world: Simulator) -> list[str]:
    return [request.path for request in world.requests if request.method == "POST"]


def test_get_shows_the_impact_without_calling_the_api(
    page: str, browser: Client, deployment: Deployment, world: Simulator
) -> None:
    impact = browser.get(page).context["impact"]
    [ending] = impact.runs
    assert ending.run.name == "grpo"
    assert ending.newest.name == "step-1"
    assert [one.name for one in impact.syncing] == ["step-2"]
    assert [one.remote_id for one in impact.samplers] == [ending.run.sampler_remote_id]
    assert (impact.figures.gpus_held, impact.is_inferred) == (3, False)
    assert world.requests == []


def test_how_long_it_has_been_idle_stands_beside_what_ends(
    page: str, browser: Client, deployment: Deployment
) -> None:
    since = f"{deployment.last_work_at:%Y-%m-%d %H:%M} UTC"
    for path in (page, page.removesuffix("deactivation/")):
        html = browser.get(path).content.decode()
        idle = html.partition("<dt>Idle for</dt>")[2].partition("</dd>")[0]
        assert (' title="Since ' in idle, f', {since}">' in idle) == (True, True), path


def test_post_deactivates_and_redirects_to_the_deployment(
    page: str,
    browser: Client,
    deployment: Deployment,
    form_data: dict[str, str],
    world: Simulator,
) -> None:
    response = browser.post(page, form_data)
    assert response.headers["Location"] == page.removesuffix("deactivation/")
    assert list_posts(world) == [f"/v1/loops/deployments/{deployment.remote_id}/deactivate"]
    events = Event.objects.filter(action="deployment.deactivate").order_by("pk")
    assert list(events.values_list("outcome", "reason")) == [
        ("requested", "budget"),
        ("succeeded", "budget"),
    ]


def test_pages_link_to_the_open_request(
    page: str, browser: Client, deployment: Deployment, form_data: dict[str, str]
) -> None:
    browser.post(page, form_data)
    deactivation = Deactivation.objects.get()
    for address in (page, page.removesuffix("deactivation/")):
        html = browser.get(address).content.decode()
        assert f'href="{deactivation.get_absolute_url()}"' in html
        assert "<textarea" not in html
        assert f'href="{page}"' not in html


def test_errors_are_shown_at_the_top_of_the_page(
    page: str, browser: Client, form_data: dict[str, str]
) -> None:
    html = browser.post(page, form_data | {"reason": ""}).content.decode()
    top = html[html.index('role="alert"') : html.index("<h1>")]
    assert (">Enter a reason.</a>" in top, ">Reason</a>" in top) == (True, False)


def test_a_reason_is_required(
    page: str, browser: Client, form_data: dict[str, str], world: Simulator
) -> None:
    response = browser.post(page, form_data | {"reason": "  "})
    assert response.status_code == 422
    assert response.context["form"].errors == {"reason": ["Enter a reason."]}
    assert list_posts(world) == []


def test_a_double_submit_calls_the_api_once(
    page: str, browser: Client, form_data: dict[str, str], world: Simulator
) -> None:
    for _ in range(2):
        assert browser.post(page, form_data).status_code == 302
    assert len(list_posts(world)) == 1


def test_a_stopped_deployment_cannot_be_deactivated(
    page: str, browser: Client, deployment: Deployment, world: Simulator
) -> None:
    Deployment.objects.update(status="STOPPED")
    assert "There is nothing to deactivate." in browser.get(page).content.decode()
    response = browser.post(page, {"reason": "budget"})
    assert response.status_code == 409
    assert list_posts(world) == []


def test_viewers_get_403_and_outsiders_404(
    page: str, vic: User, mallory: User, world: Simulator
) -> None:
    assert login_as(vic).post(page, {"reason": "x"}).status_code == 403
    assert login_as(mallory).post(page, {"reason": "x"}).status_code == 404
    assert list_posts(world) == []


def test_a_read_only_site_refuses_everybody(
    page: str, browser: Client, world: Simulator, settings: Settings
) -> None:
    settings.LOOPSWEB_READ_ONLY = True
    assert browser.post(page, {"reason": "x"}).status_code == 403
    assert browser.get(page).status_code == 403
    assert list_posts(world) == []


def test_runs_are_inferred_when_the_server_names_none(
    acme: Workspace, page: str, browser: Client, deployment: Deployment
) -> None:
    Deployment.objects.update(active_run_remote_id="", latest_run_remote_id="")
    deployment.refresh_from_db()
    Run.objects.update(deployment_remote_id="", status="")
    impact = browser.get(page).context["impact"]
    assert (len(impact.runs), impact.is_inferred) == (1, True)


def test_the_id_is_required_for_other_owners_and_lost_progress(
    page: str, browser: Client, alice: User, deployment: Deployment, world: Simulator
) -> None:
    Checkpoint.objects.update(sync_status="COMPLETE")
    Deployment.objects.update(owner_email=alice.email.upper())
    asked = browser.get(page).context["form"].asked
    assert [field.name for field in asked] == ["seen", "reason"]
    Deployment.objects.update(owner_email="bo@example.com")
    typed = browser.get(page).context["form"].fields["typed"]
    shown = f'<span class="id">{deployment.remote_id}</span>'
    assert typed.help_text == f"{shown}. It belongs to bo@example.com, not to you."

    wrong = browser.post(page, {"reason": "budget", "typed": "dep_other"})

    assert wrong.status_code == 422
    assert wrong.context["form"].errors == {
        "typed": [f"Type the deployment ID to confirm: {deployment.remote_id}."]
    }
    assert wrong.content.decode().count("Nothing was done.") == 1
    assert list_posts(world) == []


def test_the_owner_is_escaped(page: str, browser: Client, deployment: Deployment) -> None:
    Deployment.objects.update(owner_email="<b>x</b>")
    assert "<b>x</b>" not in browser.get(page).content.decode()


def test_ending_more_than_was_shown_needs_confirmation(
    page: str, browser: Client, form_data: dict[str, str], world: Simulator
) -> None:
    seen = browser.get(page).context["form"]["seen"].value()
    Checkpoint.objects.update(sync_status="SYNCING")

    response = browser.post(page, {**form_data, "seen": seen})

    assert response.status_code == 409
    assert response.context["form"]["reason"].value() == form_data["reason"]
    assert list_posts(world) == []
    again = response.context["form"]["seen"].value()
    assert browser.post(page, {**form_data, "seen": again}).status_code == 302
    assert len(list_posts(world)) == 1


@pytest.mark.parametrize("seen", ["[]", "x", "7", '{"runs": 5}'])
def test_an_invalid_seen_field_counts_as_stale(
    page: str, browser: Client, form_data: dict[str, str], world: Simulator, seen: str
) -> None:
    assert browser.post(page, {**form_data, "seen": seen}).status_code == 409
    assert list_posts(world) == []


def test_the_page_is_kept_up_to_date_and_asks_again_for_what_is_new(
    page: str, browser: Client, form_data: dict[str, str], world: Simulator
) -> None:
    Checkpoint.objects.filter(name="step-2").update(sync_status="COMPLETE")
    first = browser.get(page)
    seen, version = first.context["form"]["seen"].value(), first.headers["Loopsweb-Version"]
    live = {"HX-Target": "live", "HX-Request": "true"}
    assert browser.get(page, {"v": version, "seen": seen}, headers=live).status_code == 204
    Checkpoint.objects.filter(name="step-2").update(sync_status="SYNCING")

    part = browser.get(page, {"v": "old", "seen": seen}, headers=live)

    run = Run.objects.get().remote_id
    assert part.context["changes"] == {"syncing": [run]}
    html = part.content.decode()
    assert ("A checkpoint began to sync in" in html, "<textarea" in html) == (True, False)
    assert "Deactivate once it has synced" in html
    assert "Wait until it is COMPLETE if you need it." in html
    assert browser.post(page, {**form_data, "seen": seen}).status_code == 409
    ticked = {"seen": seen, "seen_now": part.context["form"].foreseen_json}
    assert browser.post(page, {**form_data, **ticked}).status_code == 302
    assert len(list_posts(world)) == 1
