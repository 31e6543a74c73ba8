from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.statuses import SAMPLER
from tests.personas import login_as


def test_healthz_needs_no_database(client: Client) -> None:
    """Not for a signed-in browser either, whose session is there."""
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_home_redirects_to_the_last_visited_workspace(acme: Workspace, alice: User) -> None:
    browser = login_as(alice)
    own = alice.teams.get(name="Alice").workspaces.get()
    for workspace in (own, acme, own):
        browser.get(workspace.get_absolute_url())
        assert browser.get("/")["Location"] == workspace.get_absolute_url()


def test_home_redirects_to_teams_without_a_workspace(mallory: User) -> None:
    mallory.memberships.all().delete()
    assert login_as(mallory).get("/")["Location"] == reverse("teams:list")


def test_home_requires_sign_in(client: Client) -> None:
    assert client.get("/")["Location"] == f"{reverse('account_login')}?next=/"


@pytest.mark.parametrize("path", ["/static/", "/static/js/", "/static/../manage.py", "/.env"])
def test_no_folder_is_listed(path: str, client: Client) -> None:
    assert client.get(path).status_code == 404


def test_every_known_status_is_explained(alice: User) -> None:
    page = login_as(alice).get(reverse("help-statuses")).content.decode()
    for vocabulary in (DEPLOYMENT, RUN, SAMPLER, SYNC):
        for status in vocabulary:
            assert f'id="{vocabulary.anchor(status.word)}"' in page
            assert status.meaning.endswith(".")
            assert status.advice.endswith(".")


def test_statuses_match_the_api() -> None:
    words = "CREATED DEPLOYING RUNNING SCALED_TO_ZERO FAILED STOPPED PREEMPTED"
    assert set(DEPLOYMENT.statuses) == set(words.split())
    assert {status.word for status in DEPLOYMENT if status.terminal} == {
        "FAILED",
        "STOPPED",
        "PREEMPTED",
    }
    words = (
        "BUILDING DEPLOYING DEPLOY_FAILED LOADING_MODEL ACTIVE UNHEALTHY BUILD_FAILED "
        "BUILD_STOPPED DEACTIVATING INACTIVE FAILED UPDATING SCALED_TO_ZERO WAKING_UP"
    )
    assert set(SAMPLER.statuses) == set(words.split())
    assert set(RUN.statuses) == {"ACTIVE", "INACTIVE"}
    assert set(SYNC.statuses) == {"SYNCING", "COMPLETE"}


def test_the_server_renders_only_known_themes(alice: User) -> None:
    browser = login_as(alice)
    for given, drawn in (("dark", True), ("'><script>", False)):
        browser.cookies[settings.THEME_COOKIE_NAME] = given
        page = browser.get(reverse("help-statuses")).content.decode()
        assert ("data-theme=" in page) is drawn


def test_read_only_mode_is_shown_on_every_page(
    acme: Workspace, alice: User, settings: Settings
) -> None:
    browser = login_as(alice)
    settings.LOOPSWEB_READ_ONLY = True
    page = browser.get(reverse("runs:list", args=[acme.slug])).content.decode()
    assert "<strong>Read-only.</strong>" in page
    assert "New run" not in page


@pytest.mark.parametrize("name", ["keys:list", "teams:list", "tokens:list"])
def test_the_navigation_of_the_last_workspace_stays(
    name: str, acme: Workspace, alice: User
) -> None:
    browser, own = login_as(alice), alice.teams.get(name="Alice").workspaces.get()
    for workspace in (own, acme):
        browser.get(reverse("runs:list", args=[workspace.slug]))
        page = browser.get(reverse(name)).content.decode()
        assert reverse("dashboard:audit", args=[workspace.slug]) in page
