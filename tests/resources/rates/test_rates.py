"""Admins enter rates where the API gives no price; everything says whose price it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.deactivations.preflight import freeze_impact
from loopsweb.resources.figures.refresh import refresh_everything
from loopsweb.resources.models import Catalogue, Deployment
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row

PATH = "/w/acme/rates/"


@pytest.fixture
def unpriced(acme: Workspace) -> None:
    held = {"status": "RUNNING", "gpu_count": 8, "node_count": 2, "gpu_type": "H200"}
    add_row(Deployment, acme, "dep", instance_id="h200", instance_name="8 x H200", **held)
    Deployment.objects.update(raw={"sampler": None})
    Catalogue.objects.create(workspace=acme, prices={"h100": "0.10"}, as_of=FIRST_SEEN_AT)
    refresh_everything(acme)


@pytest.mark.usefixtures("unpriced")
def test_a_rate_prices_what_the_api_does_not(alice: User) -> None:
    before = Deployment.objects.get()
    assert (before.gpus, before.usd_per_hour, before.cost_source) == (16, None, "unknown")
    browser = login_as(alice)
    assert "8 x H200, USD per hour" in browser.get(PATH).content.decode()
    assert browser.post(PATH, {"rate-h200": "31.50"}).status_code == 302
    after = Deployment.objects.get()
    assert (after.usd_per_hour, after.cost_source) == (Decimal(63), "rate entered by an admin")
    event = Event.objects.get(action="rates.change")
    assert (event.person, event.answer) == (
        alice.email,
        {"was": {"h200": ""}, "is": {"h200": "31.50"}},
    )
    browser.post(PATH, {"rate-h200": "31.50"})
    assert Event.objects.filter(action="rates.change").count() == 1
    browser.post(PATH, {"rate-h200": ""})
    assert Deployment.objects.get().usd_per_hour is None


@pytest.mark.usefixtures("unpriced")
@pytest.mark.parametrize(
    ("prices", "rates", "said"),
    [
        ({"h200": "0.50"}, {}, "API prices"),
        ({}, {"h200": "31.50"}, "rate entered by an admin"),
        ({}, {}, ""),
    ],
)
def test_what_is_kept_of_a_cost_says_whose_it_is(
    prices: dict[str, str], rates: dict[str, str], said: str, acme: Workspace
) -> None:
    Catalogue.objects.update(prices=prices, rates=rates)
    impact = assess_impact(Deployment.objects.get())
    assert freeze_impact(impact, as_of=None)["cost_source"] == said


@pytest.mark.usefixtures("unpriced")
def test_what_is_no_rate_is_refused_at_its_field(alice: User) -> None:
    answer = login_as(alice).post(PATH, {"rate-h200": "-1"})
    assert answer.status_code == 422
    assert 'value="-1"' in answer.content.decode()
    assert Catalogue.objects.get().rates == {}


@pytest.mark.usefixtures("unpriced")
def test_only_admins_enter_rates(otto: User, mallory: User) -> None:
    assert login_as(otto).post(PATH, {"rate-h200": "1"}).status_code == 403
    assert login_as(mallory).get(PATH).status_code == 404
    assert Catalogue.objects.get().rates == {}


def test_nothing_is_said_of_rates_before_anything_was_read(alice: User, acme: Workspace) -> None:
    page = login_as(alice).get(f"/w/{acme.slug}/rates/").content.decode()
    assert "Not read yet" in page
    assert "No rates needed" not in page
