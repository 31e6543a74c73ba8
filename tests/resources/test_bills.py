"""What the API says was billed stands beside our estimate, with its own time, and is never zero
where it is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.keys.models import Key
from loopsweb.loops_api.undocumented_parsers import parse_usage_summary
from loopsweb.resources.bills import FORBIDDEN, NOT_OFFERED, PERIOD, add_up, list_bills
from loopsweb.resources.models import Bill
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
ROUTE = "GET /v1/billing/usage_summary"


@pytest.fixture
def billed(world: Simulator, settings: Any) -> Simulator:
    """A deployment that runs, and a worker that asks every half hour."""
    settings.POLL_QUIET_SECONDS = 1560
    world.world.add_deployment(run=world.world.add_run(trainer_only=True))
    return world


def count_questions(loops: Simulator) -> int:
    return sum(request.path.endswith("/usage_summary") for request in loops.requests)


def pass_hours(poll: Poll, hours: int, *, keys: int = 1) -> None:
    for _ in range(2 * hours):
        assert poll(after=1800) == keys


def read_overview(alice: User) -> str:
    page = login_as(alice).get("/w/acme/").content.decode()
    return " ".join(unescape(strip_tags(page.replace("<", " <"))).split())


def test_the_bill_stands_beside_our_estimate(
    alice: User, billed: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    key = add_key()
    poll()
    poll(after=1800)
    assert count_questions(billed) == 1  # at most one an hour
    poll(after=1800)
    assert count_questions(billed) == 2
    bill = Bill.objects.get()
    per_hour = Decimal("13.00")  # the simulator's price of the machine
    assert (bill.usd, bill.estimate_usd, bill.observed) == (per_hour, per_hour, timedelta(hours=1))
    assert (bill.starts_at, bill.ends_at) == (clock() - PERIOD, clock())
    assert (bill.problem, bill.is_estimate_partial) == ("", False)
    page = read_overview(alice)
    assert f"Billed in 7 days to {key.api_workspace_name} $13.00" in page
    assert "Our estimate for that time $13.00 observed for 1 h of it" in page
    assert "Billed in 7 days" in login_as(alice).get("/w/acme/rates/").content.decode()


@pytest.mark.usefixtures("billed")
def test_an_estimate_of_several_organisations_stands_beside_no_bill(
    alice: User, acme: Workspace, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    other = add_key("demo-other-key")
    Key.objects.filter(pk=other.pk).update(api_workspace_name="Another organisation")
    poll()
    pass_hours(poll, 1, keys=2)
    bills = list_bills(acme)
    assert [one.name == "Another organisation" for one in bills].count(True) == 1
    assert {one.ends_at for one in bills} == {clock()}
    assert {one.estimate_usd for one in bills} == {None}
    page = read_overview(alice)
    assert "Our estimate for that time unknown the keys here were of several organisations" in page


@pytest.mark.usefixtures("billed")
def test_the_bill_of_an_organisation_whose_keys_were_removed_is_not_shown(
    alice: User, acme: Workspace, add_key: AddKey, poll: Poll
) -> None:
    key = add_key()
    other = add_key("demo-other-key")
    Key.objects.filter(pk=other.pk).update(api_workspace_name="Another organisation")
    poll()
    by = Actor(workspace=acme.slug, person="", role="admin", address="", request_id="")
    keys.remove(key=other, by=by, now=key.created_at)
    assert [one.name for one in list_bills(acme)] == [key.api_workspace_name]
    assert "Another organisation" not in read_overview(alice)
    pass_hours(poll, 1)
    [bill] = list_bills(acme)  # what was observed for the removed key is still in the estimate
    assert (bill.estimate_usd, bool(bill.observed)) == (None, True)
    poll(after=PERIOD.total_seconds())
    pass_hours(poll, 1)
    bill.refresh_from_db()
    assert bill.estimate_usd is not None


@pytest.mark.parametrize(("status", "said"), [(404, NOT_OFFERED), (403, FORBIDDEN)])
def test_what_is_refused_is_unknown_and_not_zero(
    status: int, said: str, alice: User, billed: Simulator, add_key: AddKey, poll: Poll
) -> None:
    billed.add_fault(ROUTE, mode="status", status=status, count=None)
    key = add_key()
    poll()
    poll(after=60)
    assert (count_questions(billed), key.poll_state.failures) == (1, 0)
    assert f"Billed in 7 days to {key.api_workspace_name} unknown {said}" in read_overview(alice)


def test_a_failure_keeps_what_was_said_before_with_its_time(
    alice: User, billed: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    poll()
    pass_hours(poll, 1)
    until = clock()
    billed.add_fault(ROUTE, mode="status", status=500, count=1)
    pass_hours(poll, 1)
    bill = Bill.objects.get()
    assert (bill.usd, bill.ends_at, bill.asked_at) == (Decimal("13.00"), until, clock())
    assert "without success: The Loops API had an internal error" in read_overview(alice)
    pass_hours(poll, 1)
    bill.refresh_from_db()
    assert (bill.usd, bill.problem) == (Decimal("39.00"), "")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"training_usage": {"total": "5.00"}, "dedicated_usage": None},
        {"training_usage": {"breakdown": [{"subtotal": "5.00"}]}, "dedicated_usage": None},
        {
            "training_usage": None,
            "dedicated_usage": {
                "breakdown": [{"billable_resource": {"id": "s", "kind": "LOOPS_SAMPLER"}}]
            },
        },
    ],
)
def test_a_sum_with_a_part_that_cannot_be_read_is_unknown(answer: dict[str, Any]) -> None:
    summary = parse_usage_summary(answer)
    assert summary
    assert add_up(summary) is None


def test_what_is_not_of_loops_is_in_no_sum() -> None:
    items = [
        {"billable_resource": {"id": kind, "kind": kind}, "subtotal": "1.50"}
        for kind in ("LOOPS_TRAINER", "LOOPS_SAMPLER", "MODEL_DEPLOYMENT")
    ]
    usage = {"training_usage": None, "dedicated_usage": {"breakdown": items}}
    summary = parse_usage_summary(usage)
    assert summary
    assert add_up(summary) == Decimal(3)
