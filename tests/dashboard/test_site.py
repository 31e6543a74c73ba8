from __future__ import annotations

from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments.models import TERMINAL
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.statuses import SAMPLER
from tests.personas import client_of


def test_healthz_needs_no_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_home_is_the_workspace_visited_last(acme: Workspace, alice: User) -> None:
    browser = client_of(alice)
    own = alice.teams.get(name="Alice").workspaces.get()
    for workspace in (own, acme, own):
        browser.get(workspace.get_absolute_url())
        assert browser.get("/")["Location"] == workspace.get_absolute_url()


def test_home_of_somebody_without_a_workspace_is_their_teams(mallory: User) -> None:
    mallory.memberships.all().delete()
    assert client_of(mallory).get("/")["Location"] == reverse("teams:list")


def test_home_asks_to_sign_in(client: Client) -> None:
    assert client.get("/")["Location"] == f"{reverse('account_login')}?next=/"


def test_every_known_status_is_explained(alice: User) -> None:
    page = client_of(alice).get(reverse("help-statuses")).content.decode()
    for vocabulary in (DEPLOYMENT, RUN, SAMPLER, SYNC):
        for status in vocabulary:
            assert f'id="{vocabulary.anchor(status.word)}"' in page
            assert status.meaning.endswith(".")
            assert status.advice.endswith(".")


def test_the_words_are_those_of_the_api() -> None:
    words = "CREATED DEPLOYING RUNNING SCALED_TO_ZERO FAILED STOPPED PREEMPTED"
    assert set(DEPLOYMENT.statuses) == set(words.split())
    assert {status.word for status in DEPLOYMENT if status.terminal} == TERMINAL
    words = (
        "BUILDING DEPLOYING DEPLOY_FAILED LOADING_MODEL ACTIVE UNHEALTHY BUILD_FAILED "
        "BUILD_STOPPED DEACTIVATING INACTIVE FAILED UPDATING SCALED_TO_ZERO WAKING_UP"
    )
    assert set(SAMPLER.statuses) == set(words.split())
    assert set(RUN.statuses) == {"ACTIVE", "INACTIVE"}
    assert set(SYNC.statuses) == {"SYNCING", "COMPLETE"}


def test_the_theme_is_drawn_by_the_server_and_only_a_known_one(alice: User) -> None:
    browser = client_of(alice)
    for given, drawn in (("dark", True), ("'><script>", False)):
        browser.cookies["theme"] = given
        page = browser.get(reverse("help-statuses")).content.decode()
        assert ("data-theme=" in page) is drawn


def test_read_only_is_said_on_every_page(acme: Workspace, alice: User, settings: Settings) -> None:
    browser = client_of(alice)
    settings.LOOPSWEB_READ_ONLY = True
    page = browser.get(reverse("runs:list", args=[acme.slug])).content.decode()
    assert "<strong>Read-only.</strong>" in page
    assert "New run" not in page
