"""What has not begun to train, or trains no more, is not said to lose progress."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Deactivation, Deployment, Run, StatusChange
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey
from tests.resources.rows import FIRST_SEEN_AT, add_row

Poll = Callable[..., int]
UNTRAINED = "Nothing was trained yet, as far as is known"
UNSAVED = "No trainer checkpoint is known, so all progress would be lost"
PATH = "/w/acme/deployments/d/deactivation/"
SEVERAL = "/w/acme/deployments/deactivations/?id=d"


@pytest.fixture
def browser(acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Poll) -> Client:
    add_key(shared=True)
    run = world.world.add_run(id="r")
    world.world.add_deployment(id="d", run=run)
    poll()
    Deployment.objects.update(owner_email=alice.email, worked_at=None, worked_sign="")
    Run.objects.update(owner_email=alice.email)
    return login_as(alice)


def read(browser: Client, path: str) -> str:
    return " ".join(strip_tags(browser.get(path).content.decode()).split())


def list_titles(browser: Client) -> list[str]:
    titles = [one.title for one in browser.get(PATH).context["warnings"]]
    return [each for each in titles if each in {UNTRAINED, UNSAVED}]


def test_what_never_ran_has_nothing_to_lose(browser: Client) -> None:
    Deployment.objects.update(status="DEPLOYING")
    for path in (PATH, "/w/acme/runs/r/deactivation/"):
        page = read(browser, path)
        assert (UNTRAINED in page, "progress would be lost" in page) == (True, False)
    assert "nothing trained yet" in read(browser, SEVERAL)
    assert browser.post(PATH, {"reason": "idle", "typed": "d"}).status_code == 302
    record = Deactivation.objects.get()
    assert [one["name"] for one in record.preflight["warnings"] if not one["tone"]] == ["untrained"]
    page = read(browser, record.get_absolute_url())
    assert (UNTRAINED in page, "nothing trained yet, as far as was known" in page) == (True, True)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "RUNNING"},
        {"status": "DEPLOYING", "is_status_omitted": True},
        {"status": "DEPLOYING", "worked_at": FIRST_SEEN_AT, "worked_sign": "gpu"},
    ],
)
def test_what_may_have_trained_may_lose_progress(
    browser: Client, change: dict[str, object]
) -> None:
    Deployment.objects.update(**change)
    assert list_titles(browser) == [UNSAVED]


def test_what_was_seen_to_run_before_may_lose_progress(browser: Client, acme: Workspace) -> None:
    Deployment.objects.update(status="DEPLOYING")
    assert list_titles(browser) == [UNTRAINED]
    StatusChange.objects.create(
        workspace=acme, noun="deployment", remote_id="d", field="status", old="SCALED_TO_ZERO",
        new="DEPLOYING", first_seen_new_at=FIRST_SEEN_AT,
    )  # fmt: skip
    assert list_titles(browser) == [UNSAVED]


@pytest.fixture
def asleep(browser: Client, world: Simulator, poll: Poll) -> Client:
    world.world.add_checkpoint(run=world.world.runs["r"], name="step-20")
    poll(after=3600)
    Run.objects.update(status="INACTIVE")
    Deployment.objects.update(
        status="SCALED_TO_ZERO", active_run_remote_id="", latest_run_remote_id="r"
    )
    return browser


def test_the_latest_run_is_shown_where_none_is_active(asleep: Client) -> None:
    page = read(asleep, PATH)
    assert "Latest run, which has ended r" in page
    assert "Newest trainer checkpoint: step-20" in page
    assert "no training ends" in page
    assert ("Deactivating ends the training" in page, "Unknown. The API" in page) == (False, False)
    several = read(asleep, SEVERAL)
    assert ("its latest run has ended" in several, "nothing known" in several) == (True, False)
    assert asleep.get(PATH).context["impact"].foreseen["runs"] == []
    assert asleep.post(PATH, {"reason": "idle", "typed": "d"}).status_code == 302
    record = Deactivation.objects.get()
    assert [run["newest"] for run in record.preflight["ended_runs"]] == ["step-20"]
    kept = read(asleep, record.get_absolute_url())
    assert "its latest run had ended" in kept
    assert "Latest run, which had endedr" in kept


def read_lead(browser: Client, *ids: str) -> str:
    html = browser.get("/w/acme/deployments/deactivations/", {"id": ids}).content.decode()
    lead = html.partition('<span id="bulk-lead">')[2].partition("</span>")[0]
    return strip_tags(lead)


def test_the_heading_of_several_says_whose_training_stops(asleep: Client, acme: Workspace) -> None:
    kept = "Runs cannot be resumed; saved checkpoints are kept."
    add_row(Run, acme, "r2", status="ACTIVE", deployment_remote_id="d2")
    add_row(Deployment, acme, "d2", status="RUNNING", active_run_remote_id="r2")
    add_row(Deployment, acme, "d3", status="STOPPED")
    assert [read_lead(asleep, *ids) for ids in (["d2"], ["d"], ["d", "d2"], ["d2", "d3"])] == [
        f"Training stops. {kept}",
        "No training stops: its latest run has ended already. Saved checkpoints are kept.",
        f"Training stops; the latest run of 1 of them has ended already. {kept}",
        f"Training stops. {kept} 1 of the selected is left out; the reason is next to it.",
    ]
    assert read_lead(asleep, "d3") == "None of them can be deactivated now."


def test_another_active_run_that_is_not_known_here_is_not_forgotten(asleep: Client) -> None:
    Deployment.objects.update(active_run_remote_id="other")
    page = read(asleep, PATH)
    assert ("Unknown. The API" in page, "no training ends" in page) == (True, False)
