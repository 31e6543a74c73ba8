"""The page of what has ended says who stopped it, why and when, or that nobody here did."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.erasure import erase_person
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.models import Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline
from tests.resources.deactivations.conftest import Poll
from tests.resources.rows import FIRST_SEEN_AT, add_row

NOBODY = "Not stopped from here."


def read(browser: Client, path: str) -> str:
    page = browser.get(f"/w/acme/{path}/").content.decode()
    return re.sub(r"\s+", " ", strip_tags(page))


@pytest.fixture
def ids(world: Simulator, add_key: AddKey, poll: Poll, real_time: Timeline) -> dict[str, str]:
    """A pair with its run, and a sampler that stands alone."""
    run = world.world.add_run(id="run")
    world.world.add_deployment(run=run, id="dep")
    world.world.add_checkpoint(run=run, name="step-1")
    world.world.add_sampler(id="alone")
    add_key(shared=True)
    poll()
    assert run.sampler
    return {"run": "run", "deployment": "dep", "sampler": run.sampler.id, "alone": "alone"}


@pytest.mark.parametrize(
    ("target", "ended"),
    [
        ("deployments/dep", ("deployments/dep", "runs/run", "samplers/{sampler}")),
        ("runs/run", ("deployments/dep", "runs/run", "samplers/{sampler}")),
        ("samplers/alone", ("samplers/alone",)),
    ],
)
def test_every_page_of_what_ended_names_the_request(
    target: str, ended: tuple[str, ...], ids: dict[str, str], browser: Client, poll: Poll
) -> None:
    noun, _, target_id = target.partition("/")
    data = {"reason": "out of budget", "typed": target_id}
    assert browser.post(f"/w/acme/{target}/deactivation/", data).status_code == 302
    for _ in range(6):
        poll(after=60)
    request = Deactivation.objects.get()
    assert request.state == "confirmed"
    for path in ended:
        page_path = path.format(**ids)
        text = read(browser, page_path)
        whole = "" if page_path == target else f" by deactivating {noun[:-1]} {target_id}"
        assert f"alice@example.com stopped it{whole}, requested " in text, path
        assert "; confirmed stopped " in text
        assert "Reason: out of budget. See the record" in text
        page = browser.get(f"/w/acme/{page_path}/").content.decode()
        assert f'href="{request.get_absolute_url()}"' in page
        assert NOBODY not in text


def test_what_nobody_here_stopped_says_so(
    ids: dict[str, str], world: Simulator, browser: Client, poll: Poll
) -> None:
    for thing in (world.world.deployments["dep"], world.world.runs["run"]):
        thing.status = "STOPPED" if thing.id == "dep" else "INACTIVE"
    world.world.samplers["alone"].status = "INACTIVE"
    poll(after=120)
    for path in ("deployments/dep", "runs/run", "samplers/alone"):
        assert NOBODY in read(browser, path), path
        assert "See the record" not in read(browser, path)


def test_a_request_about_another_run_of_the_deployment_is_not_named(
    acme: Workspace, browser: Client
) -> None:
    ended = {"status": "INACTIVE", "deployment_remote_id": "dep"}
    for one in ("old", "new"):
        add_row(Run, acme, one, **ended)
    add_row(Sampler, acme, "old-sampler", status="INACTIVE", run_remote_id="old")
    add_row(Deployment, acme, "dep", status="STOPPED", latest_run_remote_id="new")
    times = {"requested_at": FIRST_SEEN_AT, "state_since": FIRST_SEEN_AT, "ask_at": FIRST_SEEN_AT}
    request = {"workspace": acme, "noun": "deployment", "target_remote_id": "dep"}
    foreseen = {"runs": ["new"], "samplers": []}
    Deactivation.objects.create(**request, **times, state="confirmed", foreseen=foreseen)
    assert NOBODY not in read(browser, "runs/new")
    for path in ("runs/old", "samplers/old-sampler"):
        assert NOBODY in read(browser, path), path


def test_what_failed_is_not_called_stopped(acme: Workspace, browser: Client) -> None:
    add_row(Deployment, acme, "dep", status="FAILED")
    assert NOBODY not in read(browser, "deployments/dep")


def test_a_request_that_is_not_confirmed_yet_is_named_as_such(
    ids: dict[str, str], browser: Client, vic: User
) -> None:
    data = {"reason": "idle", "typed": "dep"}
    browser.post("/w/acme/deployments/dep/deactivation/", data)
    Run.objects.update(status="INACTIVE")
    text = read(login_as(vic), "runs/run")
    assert "alice@example.com requested its end by deactivating deployment dep" in text
    assert "; accepted by the API " in text
    erase_person("alice@example.com", by="bo@example.com", reason="asked", now=FIRST_SEEN_AT)
    assert "Somebody whose name was erased requested its end" in read(login_as(vic), "runs/run")
