"""A poll of an API in trouble ends early and says so at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
import stamina

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, PollState, Run
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.polling import leases, poller
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
NOUNS = ("runs", "samplers", "deployments", "checkpoints")


@pytest.fixture(autouse=True)
def retry_at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def busy(world: Simulator, add_key: AddKey, poll: Poll) -> Simulator:
    """Three runs with checkpoints, which were polled once."""
    for _ in range(3):
        world.world.add_checkpoint(run=world.world.add_run())
    add_key()
    poll()
    world.requests.clear()
    return world


def list_paths(loops: Simulator) -> list[str]:
    return [request.path for request in loops.requests]


def list_failing(workspace: Workspace) -> set[str]:
    freshness = load_freshness(workspace)
    return {noun for noun in NOUNS if freshness.of(noun).failing_since}


def test_the_first_429_ends_the_poll(
    acme: Workspace, busy: Simulator, poll: Poll, clock: Timeline
) -> None:
    busy.add_fault("*", "rate_limit", count=None, retry_after=3)

    poll(after=120)

    assert list_paths(busy) == ["/v1/loops/runs"]
    assert list_failing(acme) == set(NOUNS)
    assert PollState.objects.get().next_poll_at >= clock() + timedelta(seconds=3)


def test_a_429_in_the_middle_ends_the_poll(acme: Workspace, busy: Simulator, poll: Poll) -> None:
    busy.add_fault("GET /v1/loops/deployments", "rate_limit", count=None, retry_after=3)

    poll(after=120)

    assert list_paths(busy) == [f"/v1/loops/{noun}" for noun in NOUNS[:3]]
    assert list_failing(acme) == {"deployments", "checkpoints"}


@pytest.mark.parametrize(
    ("mode", "details"), [("status", {"status": 500}), ("html", {}), ("truncated", {})]
)
def test_two_bad_answers_in_a_row_end_the_poll(
    mode: str, details: dict[str, int], acme: Workspace, busy: Simulator, poll: Poll
) -> None:
    busy.add_fault("*", mode, count=None, **details)

    poll(after=120)

    assert list_paths(busy) == ["/v1/loops/runs", "/v1/loops/samplers"]
    assert list_failing(acme) == set(NOUNS)


def test_a_bad_answer_between_good_ones_fails_its_feed_alone(
    acme: Workspace, busy: Simulator, poll: Poll
) -> None:
    busy.add_fault("GET /v1/loops/samplers", "status", count=None, status=500)
    poll(after=120)
    assert list_failing(acme) == {"samplers"}


class FreshnessAtRequests(httpx.BaseTransport):
    """The simulated API; notes what pages say is failing whenever a request arrives."""

    def __init__(self, loops: Simulator, workspace: Workspace) -> None:
        self.loops, self.workspace = httpx.WSGITransport(app=loops), workspace
        self.failing: dict[str, set[str]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.failing.setdefault(request.url.path, list_failing(self.workspace))
        return self.loops.handle_request(request)


def test_a_failure_is_told_while_the_poll_goes_on(
    acme: Workspace, busy: Simulator, poll: Poll, connect_api: ConnectApi
) -> None:
    seen = FreshnessAtRequests(busy, acme)
    connect_api(seen)
    busy.add_fault("GET /v1/loops/runs", "status", count=1, status=500)

    poll(after=120)

    assert seen.failing == {
        "/v1/loops/runs": set(),
        "/v1/loops/samplers": {"runs"},
        "/v1/loops/deployments": {"runs"},
        "/v1/loops/checkpoints": {"runs"},
    }


class ForgetsRuns(httpx.BaseTransport):
    """The simulated API, which forgets its runs once it has listed them."""

    def __init__(self, loops: Simulator) -> None:
        self.loops, self.simulator = httpx.WSGITransport(app=loops), loops

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/loops/runs":
            self.simulator.world.clear()
        return self.loops.handle_request(request)


def test_a_run_that_disappears_during_a_poll_is_no_failure(
    acme: Workspace, busy: Simulator, poll: Poll, clock: Timeline, connect_api: ConnectApi
) -> None:
    connect_api(ForgetsRuns(busy))

    poll(after=120)

    assert list_failing(acme) == set()
    assert PollState.objects.get().last_success_at == clock()
    assert Checkpoint.objects.filter(missing_since=None).count() == 0
    assert Run.objects.filter(missing_since=None).count() == 3


def test_404_for_the_checkpoints_of_a_run_that_is_listed_is_a_failure(
    acme: Workspace, busy: Simulator, poll: Poll
) -> None:
    busy.add_fault("GET /v1/loops/checkpoints", "status", count=None, status=404)
    poll(after=120)
    assert list_failing(acme) == {"checkpoints"}
    assert Checkpoint.objects.filter(missing_since=None).count() == 3


def test_a_poll_ends_at_its_deadline(
    acme: Workspace, busy: Simulator, clock: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is over before the key would be polled again."""
    assert leases.LONGEST_POLL.total_seconds() > poller.POLL_SECONDS
    monkeypatch.setattr(poller, "POLL_SECONDS", 0)
    clock.pass_(120)

    poller.run_poll(PollState.objects.get().pk, clock=clock)

    assert list_paths(busy) == ["/v1/loops/runs", "/v1/loops/samplers"]
    assert list_failing(acme) == set(NOUNS)
