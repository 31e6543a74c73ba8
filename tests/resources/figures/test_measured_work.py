"""Metrics are asked where something seems to idle, and what they say is a sign of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.figures.measured_work import ASK_AFTER, MAX_PER_POLL
from loopsweb.resources.models import Deployment, Run
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
MINUTE = timedelta(minutes=1)
ENDED = {"busy": "gpu", "serving": "requests"}
ROUTE = "POST /v1/loops/deployments/{deployment_id}/metrics"


def add_deployments(loops: Simulator, *ids: str) -> None:
    for one in ids:
        loops.world.add_deployment(id=one, run=loops.world.add_run(id=f"run-{one}"))


def answer_with(loops: Simulator, at: datetime, **values: Any) -> None:
    """values: {metric: its only value}."""
    rows = {name: [{"timestamp": at.isoformat(), "value": one}] for name, one in values.items()}
    loops.clear_faults()
    loops.add_fault(ROUTE, mode="status", status=200, body={"metrics": rows}, count=None)


def list_told() -> set[tuple[datetime | None, str]]:
    """What the only pair, its trainer and its run, tells of its last work."""
    rows = (Deployment.objects.get(), Run.objects.get())
    return {(row.last_work_at, row.last_work_sign) for row in rows}


def list_asked(loops: Simulator) -> list[str]:
    """The deployments whose metrics were asked, in order; then none are on record."""
    paths = [one.path.split("/") for one in loops.requests if one.path.endswith("/metrics")]
    loops.requests.clear()
    return [parts[-2] for parts in paths]


@pytest.mark.parametrize(
    ("values", "sign"),
    [
        ({"gpu_utilization": 0.6, "inference_volume": 2}, "busy"),
        ({"gpu_utilization": 0.0, "concurrent_requests": 1}, "serving"),
    ],
)
def test_work_in_the_metrics_ends_idleness_everywhere(
    values: dict[str, float], sign: str, alice: User, world: Simulator, add_key: AddKey,
    poll: Poll, clock: Timeline,
) -> None:  # fmt: skip
    add_deployments(world, "d")
    add_key()
    poll()
    assert list_asked(world) == []  # it was just created
    worked_at = clock() + timedelta(minutes=20)
    answer_with(world, worked_at, **values)
    poll(after=1800)
    assert list_asked(world) == ["d"]
    worked_until = worked_at + MINUTE
    assert list_told() == {(worked_until, sign)}
    answer_with(world, worked_at - timedelta(minutes=9), **values)  # older than what is known
    poll(after=1800)
    assert list_told() == {(worked_until, sign)}
    answer_with(world, clock(), gpu_utilization=0.0, concurrent_requests=0)
    poll(after=1800)
    assert list_told() == {(worked_until, ENDED[sign])}
    page = login_as(alice).get("/w/acme/deployments/d/").content.decode()
    assert {"busy": "its GPUs were busy", "serving": "it served a request"}[sign] in page


def test_idle_gpus_are_no_sign_of_work(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_deployments(world, "d")
    add_key()
    poll()
    answer_with(world, clock(), gpu_utilization=0.01, inference_volume=0)
    poll(after=1800)
    row = Deployment.objects.get()
    assert (row.last_work_sign, row.worked_at, row.metrics_as_of) == ("created", None, clock())


@pytest.mark.parametrize("values", [{}, {"gpu_utilization": None}, {"cpu_usage": 0.5}])
def test_an_answer_without_a_number_of_work_says_nothing(
    values: dict[str, Any], alice: User, world: Simulator, add_key: AddKey, poll: Poll,
    clock: Timeline,
) -> None:  # fmt: skip
    add_deployments(world, "d")
    add_key()
    poll()
    answer_with(world, clock(), **values)
    poll(after=1800)
    row = Deployment.objects.get()
    assert (row.metrics_as_of, row.ask_metrics_at) == (None, clock() + ASK_AFTER)
    page = login_as(alice).get("/w/acme/deployments/d/").content.decode()
    assert "metrics read" not in page
    list_asked(world)
    poll(after=120)
    assert list_asked(world) == []
    answer_with(world, clock(), gpu_utilization=0.0)
    poll(after=ASK_AFTER.total_seconds())
    row.refresh_from_db()
    assert (row.worked_at, row.metrics_as_of) == (None, clock())


def test_answers_are_kept_when_the_next_question_fails(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_deployments(world, "d0", "d1")
    add_key()
    poll()
    answer_with(world, clock(), gpu_utilization=0.0)
    world.faults.pending[0].count = 1
    world.add_fault(ROUTE, mode="rate_limit", count=None)
    poll(after=1800)
    rows = Deployment.objects.order_by("remote_id").values_list("metrics_as_of", "ask_metrics_at")
    assert list(rows) == [(clock(), clock() + ASK_AFTER), (None, clock() + ASK_AFTER)]


def test_a_few_are_asked_in_each_poll_and_each_in_its_turn(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    ids = [f"d{number}" for number in range(MAX_PER_POLL + 2)]
    add_deployments(world, *ids)
    add_key()
    poll()
    answer_with(world, clock(), gpu_utilization=0.0)
    poll(after=1800)
    first = list_asked(world)
    acme.refresh_from_db()
    version = acme.version
    poll(after=120)
    assert (len(first), sorted(first + list_asked(world))) == (MAX_PER_POLL, ids)
    acme.refresh_from_db()
    assert acme.version == version  # that nothing worked reloads no page
    poll(after=120)
    assert list_asked(world) == []
    poll(after=ASK_AFTER.total_seconds())
    assert list_asked(world) == first


@pytest.mark.parametrize("status", [403, 404])
def test_a_server_without_metrics_is_asked_once_an_hour(
    status: int, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_deployments(world, "d0", "d1")
    key = add_key()
    poll()
    world.add_fault(ROUTE, mode="status", status=status, count=None)
    for minutes in (30, 10, 40):
        poll(after=60 * minutes)
    assert list_asked(world) == ["d0"]
    poll(after=1200)
    assert list_asked(world) == ["d0"]
    rows = Deployment.objects.values_list("last_work_sign", "metrics_as_of")
    assert (list(rows), key.poll_state.failures) == ([("created", None)] * 2, 0)


def test_a_failure_concerns_one_and_not_the_poll(
    world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_deployments(world, "d0", "d1")
    key = add_key()
    poll()
    world.add_fault(ROUTE, mode="status", status=500, count=1)
    poll(after=1800)
    assert list_asked(world) == ["d0"]
    poll(after=120)
    assert list_asked(world) == ["d1"]
    key.poll_state.refresh_from_db()
    assert key.poll_state.failures == 0


@pytest.fixture
def busy(world: Simulator, add_key: AddKey, poll: Poll) -> None:
    """The deployment `d`, whose metrics were read while it worked."""
    add_deployments(world, "d")
    add_key()
    poll()
    poll(after=1800)


@pytest.mark.usefixtures("busy")
def test_what_the_simulator_says_of_work_is_read(clock: Timeline) -> None:
    assert list_told() == {(clock(), "busy")}


@pytest.mark.parametrize("hours", [1, 9, 100])
def test_what_works_is_busy_as_of_the_answer_however_long_it_was_not_asked(
    hours: int, alice: User, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_deployments(world, "d")
    add_key()
    poll()
    poll(after=3600 * hours)
    assert list_told() == {(clock(), "busy")}
    browser = login_as(alice)
    for path in ("deployments/d/", "deployments/d/deactivation/", "runs/run-d/", "deployments/"):
        html = browser.get(f"/w/acme/{path}").content.decode()
        assert "busy as of" in strip_tags(html), path
    assert "It is not idle." in browser.get("/w/acme/runs/run-d/deactivation/").content.decode()
    found = browser.get("/w/acme/deployments/?idle=0m").content.decode()
    assert 'href="/w/acme/deployments/d/"' not in found


@pytest.mark.usefixtures("busy")
def test_the_end_of_work_is_found_to_the_minute(
    world: Simulator, poll: Poll, clock: Timeline
) -> None:
    """Though values of a long span are far apart, and though it was busy when last asked."""
    assert list_told() == {(clock(), "busy")}
    ended_at = clock() + timedelta(hours=30)
    world.world.deployments["d"].idle_since = ended_at
    poll(after=40 * 3600)
    [(until, sign)] = list_told()
    assert until is not None
    assert (abs(until - ended_at) <= MINUTE, sign) == (True, "gpu")
