"""Polls of an API that fails, limits the rate or does not answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, PollState, Run, Sampler
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.simulator import Simulator
from tests.conftest import ConnectApi
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]


def asked(loops: Simulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in loops.requests]


@pytest.mark.parametrize(
    ("mode", "details"),
    [
        ("status", {"status": 500}),
        ("truncated", {}),
        ("html", {}),
        ("empty", {}),
        ("reset", {}),
    ],
)
def test_a_failing_feed_keeps_its_rows_shows_its_error_and_recovers(
    acme: Workspace,
    world: Simulator,
    add_key: AddKey,
    poll: Poll,
    clock: Timeline,
    mode: str,
    details: dict[str, int],
) -> None:
    run = world.world.add_run()
    add_key()
    poll()
    read_at = clock()
    world.add_fault("GET /v1/loops/runs", mode, count=None, **details)

    poll(after=120)

    row = Run.objects.get(remote_id=run.id)
    assert row.missing_since is None
    runs = load_freshness(acme).of("runs")
    assert (runs.as_of, runs.failing_since) == (read_at, clock())
    assert runs.error

    world.clear_faults()
    poll(after=400)
    recovered = load_freshness(acme).of("runs")
    assert (recovered.as_of, recovered.failing_since, recovered.error) == (clock(), None, "")


def test_other_feeds_are_polled_while_one_fails(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    poll()
    world.add_fault("GET /v1/loops/runs", "status", count=None, status=503)
    sampler = world.world.add_sampler()

    poll(after=120)

    assert Sampler.objects.filter(remote_id=sampler.id).exists()
    assert load_freshness(acme).of("samplers").as_of == clock()


def test_the_next_poll_waits_for_retry_after(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    world.add_fault("GET /v1/loops/samplers", "rate_limit", count=None, retry_after=240)

    poll()

    state = PollState.objects.get()
    assert state.next_poll_at >= clock() + timedelta(seconds=240)
    assert poll(after=200) == 0


def test_repeated_failures_back_off(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    world.add_fault("GET /v1/loops/runs", "status", count=None, status=502)
    waits = []
    for _ in range(4):
        poll(after=600)
        waits.append(PollState.objects.get().next_poll_at - clock())
    assert waits == sorted(waits)
    assert waits[-1] > 3 * waits[0]


def test_an_excessive_retry_after_is_capped(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    world.add_fault("GET /v1/loops/runs", "rate_limit", count=None, retry_after=1_000_000_000)
    poll()
    assert PollState.objects.get().next_poll_at <= clock() + timedelta(minutes=15)


class Silence(httpx.BaseTransport):
    """The simulated API, but where it `is_silent` no answer comes."""

    def __init__(self, loops: Simulator, is_silent: Callable[[httpx.URL], bool]) -> None:
        self.loops, self.is_silent = httpx.WSGITransport(app=loops), is_silent
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.is_silent(request.url):
            raise httpx.ReadTimeout("late", request=request)
        return self.loops.handle_request(request)


FallsSilent = Callable[[Callable[[httpx.URL], bool]], Silence]


@pytest.fixture
def falls_silent(world: Simulator, connect_api: ConnectApi) -> FallsSilent:
    def fall(is_silent: Callable[[httpx.URL], bool]) -> Silence:
        silence = Silence(world, is_silent)
        connect_api(silence)
        return silence

    return fall


def test_two_timeouts_end_the_poll(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, falls_silent: FallsSilent
) -> None:
    world.world.add_run()
    add_key()
    poll()
    silence = falls_silent(lambda _: True)

    poll(after=120)

    assert silence.asked == ["/v1/loops/runs", "/v1/loops/samplers"]
    errors = {
        load_freshness(acme).of(noun).error for noun in ("runs", "deployments", "checkpoints")
    }
    assert errors == {"The Loops API did not answer in time. Try again in a moment."}
    assert PollState.objects.get().failures == 1


def test_other_feeds_are_polled_while_one_times_out(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, falls_silent: FallsSilent
) -> None:
    world.world.add_run()
    add_key()
    falls_silent(lambda url: url.path in {"/v1/loops/runs", "/v1/loops/deployments"})
    sampler = world.world.add_sampler()
    poll(after=120)
    assert Sampler.objects.filter(remote_id=sampler.id).exists()
    assert load_freshness(acme).of("checkpoints").error == ""


def test_queries_that_always_time_out_do_not_starve_the_others(
    world: Simulator, add_key: AddKey, poll: Poll, falls_silent: FallsSilent
) -> None:
    runs = [world.world.add_run(id=f"r{n}", base_model=f"model-{n}") for n in range(8)]
    checkpoints = {world.world.add_checkpoint(run=run).id for run in runs[2:]}
    add_key()
    silent_runs = {f"r{n}" for n in range(6)}
    silence = falls_silent(lambda url: url.params.get("run_id") in silent_runs)

    poll()
    assert silence.asked.count("/v1/loops/checkpoints") == 2

    for _ in range(3):  # each marks two more, until all that is silent has failed once
        poll(after=400)
    silent_runs -= {"r2", "r3", "r4", "r5"}
    for _ in range(40):
        poll(after=400)
    assert set(Checkpoint.objects.values_list("remote_id", flat=True)) == checkpoints
