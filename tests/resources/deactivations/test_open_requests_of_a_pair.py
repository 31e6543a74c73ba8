"""While the end of a pair is requested, the page of each part of it says so and leads to it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.models import Deployment, Run, Sampler
from tests.resources.deactivations.requests import fill_batch_form
from tests.resources.rows import add_row

PARTS = ("deployment", "run", "sampler")


@pytest.fixture
def pair(acme: Workspace, deployment: Deployment) -> dict[str, str]:
    """{noun: id} of a pair that is ended after some minutes."""
    Policy.objects.create(team=acme.team, undo_seconds=600)
    return {
        "deployment": deployment.remote_id,
        "run": Run.objects.get().remote_id,
        "sampler": Sampler.objects.get().remote_id,
    }


def read(browser: Client, noun: str, remote_id: str, *, page: str = "detail") -> str:
    url_name = f"{noun}s:detail" if page == "detail" else "deactivations:new"
    kind = [] if page == "detail" else [f"{noun}s"]
    return browser.get(reverse(url_name, args=["acme", *kind, remote_id])).content.decode()


def request_end(browser: Client, noun: str, remote_id: str) -> Deactivation:
    url = reverse("deactivations:new", args=["acme", f"{noun}s", remote_id])
    assert browser.post(url, {"reason": "idle", "typed": remote_id}).status_code == 302
    return Deactivation.objects.get(noun=noun)


@pytest.mark.parametrize("ending", ["deployment", "run"])
@pytest.mark.parametrize("shown", PARTS)
def test_each_part_leads_to_the_request_and_offers_no_other(
    ending: str, shown: str, browser: Client, pair: dict[str, str]
) -> None:
    assert "deactivation/" in read(browser, shown, pair[shown])
    link = f'href="{request_end(browser, ending, pair[ending]).get_absolute_url()}">See the'
    html = read(browser, shown, pair[shown])
    whose = "its" if shown == ending else f"the deactivation of its {ending}, with which it ends,"
    assert (html.count(link), "/deactivation/" in html) == (1, False)
    assert f"alice@example.com requested {whose}" in strip_tags(html)


@pytest.mark.parametrize(("ending", "shown"), [("run", "deployment"), ("deployment", "run")])
def test_the_form_tells_of_the_request_of_another_part(
    ending: str, shown: str, browser: Client, pair: dict[str, str]
) -> None:
    record = request_end(browser, ending, pair[ending])
    html = read(browser, shown, pair[shown], page="form")
    said = f"what ends with it is requested already: {ending} {pair[ending]}. That request is"
    assert said in strip_tags(html)
    assert f'href="{record.get_absolute_url()}"' in html
    other = request_end(browser, shown, pair[shown])
    assert other.preflight["warnings"][0]["about"][0]["id"] == str(record.incident)
    kept = browser.get(other.get_absolute_url()).content.decode()
    assert (said in strip_tags(kept), f'href="{record.get_absolute_url()}"' in kept) == (True, True)


@pytest.mark.parametrize(("ending", "shown"), [("run", "deployment"), ("deployment", "run")])
def test_the_form_of_several_tells_of_it_too(
    ending: str, shown: str, browser: Client, pair: dict[str, str]
) -> None:
    record = request_end(browser, ending, pair[ending])
    url = reverse("deactivations:bulk", args=["acme", f"{shown}s"])
    html = browser.get(url, {"id": pair[shown]}).content.decode()
    said = f"what ends with it is requested already: {ending} {pair[ending]}. That request is"
    assert (said in strip_tags(html), f'href="{record.get_absolute_url()}"' in html) == (True, True)
    form = fill_batch_form(browser, url, [pair[shown]])
    assert browser.post(url, form).status_code == 302
    other = Deactivation.objects.get(noun=shown)
    assert other.preflight["warnings"][0]["about"][0]["id"] == str(record.incident)


def test_a_pair_without_ids_of_each_other_is_found_by_its_run(
    browser: Client, pair: dict[str, str]
) -> None:
    Sampler.objects.update(deployment_remote_id="")
    Deployment.objects.update(sampler_remote_id="")
    record = request_end(browser, "deployment", pair["deployment"])
    assert record.get_absolute_url() in read(browser, "sampler", pair["sampler"])


@pytest.mark.parametrize("shown", PARTS)
def test_what_has_ended_tells_of_no_request_of_the_others(
    shown: str, browser: Client, pair: dict[str, str]
) -> None:
    ending = "run" if shown == "deployment" else "deployment"
    record = request_end(browser, ending, pair[ending])
    for model, status in ((Deployment, "STOPPED"), (Run, "INACTIVE"), (Sampler, "INACTIVE")):
        model.objects.filter(remote_id=pair[shown]).update(status=status)
    assert record.get_absolute_url() not in read(browser, shown, pair[shown])


def test_a_deployment_does_not_end_with_a_run_that_it_no_longer_executes(
    browser: Client, acme: Workspace, pair: dict[str, str]
) -> None:
    add_row(Run, acme, "r0", deployment_remote_id=pair["deployment"], status="ACTIVE")
    record = request_end(browser, "run", "r0")
    assert record.get_absolute_url() not in read(browser, "deployment", pair["deployment"])
    assert record.get_absolute_url() not in read(browser, "run", pair["run"])
