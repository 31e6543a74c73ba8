from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import KeyState
from loopsweb.loops_api import http_client
from loopsweb.resources.models import Checkpoint, Deployment, PollState, Run, Sampler, Session
from loopsweb.resources.snapshot.freshness import freshness
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.simulator import Simulator
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]


def asked(loops: Simulator) -> list[str]:
    return [f"{request.method} {request.path}" for request in loops.requests]


def test_a_poll_brings_every_noun_into_the_workspace(
    acme: Workspace, loops: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key()

    assert poll() == 1

    world = loops.world
    for model, there in (
        (Run, world.runs),
        (Sampler, world.samplers),
        (Deployment, world.deployments),
        (Checkpoint, world.checkpoints),
    ):
        ids = model.objects.in_workspace(acme).values_list("remote_id", flat=True)
        assert sorted(ids) == sorted(there), model
    named = {run.session_id for run in world.runs.values()}
    assert set(Session.objects.values_list("remote_id", flat=True)) == named


def test_an_unchanged_poll_asks_but_neither_parses_nor_writes_rows(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    run = world.world.add_run()
    world.world.add_deployment(run=run)
    world.world.add_checkpoint(run=run)
    add_key()
    poll()
    acme.refresh_from_db()
    version = acme.version
    world.requests.clear()

    assert poll(after=120) == 1

    acme.refresh_from_db()
    assert acme.version == version
    assert asked(world) == [
        "GET /v1/loops/runs",
        "GET /v1/loops/samplers",
        "GET /v1/loops/deployments",
        "GET /v1/loops/checkpoints",
    ]


def test_a_changed_status_is_kept_with_the_interval_in_which_it_changed(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    deployment = world.world.add_deployment(run=world.world.add_run(), status="DEPLOYING")
    add_key()
    poll()
    first_read_at = clock()
    deployment.status = "RUNNING"

    poll(after=60)

    change = StatusChange.objects.get()
    assert (change.noun, change.remote_id, change.field) == ("deployment", deployment.id, "status")
    assert (change.old, change.new) == ("DEPLOYING", "RUNNING")
    assert (change.last_seen_old_at, change.first_seen_new_at) == (first_read_at, clock())


def test_a_run_that_left_the_list_is_missing_and_keeps_its_last_status(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    run = world.world.add_run(status="ACTIVE")
    add_key()
    poll()
    last_seen_at = clock()
    world.world.clear()

    poll(after=120)

    row = Run.objects.get(remote_id=run.id)
    assert (row.missing_since, row.status) == (last_seen_at, "ACTIVE")

    world.world.add_run(id=run.id, status="ACTIVE")
    poll(after=120)
    row.refresh_from_db()
    assert row.missing_since is None


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
def test_a_failing_noun_keeps_its_rows_says_why_and_recovers(
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
    world.fail("GET /v1/loops/runs", mode, count=None, **details)

    poll(after=120)

    row = Run.objects.get(remote_id=run.id)
    assert row.missing_since is None
    runs = freshness(acme).of("runs")
    assert (runs.as_of, runs.failing_since) == (read_at, clock())
    assert runs.error

    world.heal()
    poll(after=400)
    recovered = freshness(acme).of("runs")
    assert (recovered.as_of, recovered.failing_since, recovered.error) == (clock(), None, "")


def test_other_nouns_are_read_while_one_fails(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    poll()
    world.fail("GET /v1/loops/runs", "status", count=None, status=503)
    sampler = world.world.add_sampler()

    poll(after=120)

    assert Sampler.objects.filter(remote_id=sampler.id).exists()
    assert freshness(acme).of("samplers").as_of == clock()


def test_a_refused_key_stops_polling_until_it_is_checked_again(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    world.world.add_run()
    key = add_key()
    poll()
    world.world.revoke("demo-org-key")

    assert poll(after=120) == 1
    assert poll(after=3600) == 0

    key.refresh_from_db()
    assert key.state == KeyState.REFUSED
    overall = freshness(acme).overall
    assert overall.error.startswith(f"Polling with the key {key} has stopped:")
    assert Run.objects.filter(missing_since=None).count() == 1


def test_the_next_healthy_key_takes_over(
    acme: Workspace, otto: User, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    first = add_key("demo-org-key")
    second = add_key("demo-other-key", otto)
    assert poll() == 1
    assert PollState.objects.exclude(last_started_at=None).get().key == first
    world.world.revoke("demo-org-key")
    poll(after=120)

    assert poll(after=1) == 1

    assert PollState.objects.get(key=second).last_success_at is not None


def test_it_comes_back_no_sooner_than_the_api_asked(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    world.fail("GET /v1/loops/samplers", "rate_limit", count=None, retry_after=240)

    poll()

    state = PollState.objects.get()
    assert state.next_poll_at >= clock() + timedelta(seconds=240)
    assert poll(after=200) == 0


def test_failures_in_a_row_wait_longer_each_time(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    world.fail("GET /v1/loops/runs", "status", count=None, status=502)
    waits = []
    for _ in range(4):
        poll(after=600)
        waits.append(PollState.objects.get().next_poll_at - clock())
    assert waits == sorted(waits)
    assert waits[-1] > 3 * waits[0]


def test_two_workers_do_not_poll_with_one_key_at_once(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    from loopsweb.resources.polling import leases

    add_key()
    state = PollState.objects.get()

    assert leases.claim_due(now=clock()) == [state.pk]
    assert leases.claim_due(now=clock()) == []
    assert leases.claim_due(now=clock() + leases.LEASE + timedelta(seconds=1)) == [state.pk]


def test_an_own_scope_key_is_not_asked_for_deployments_and_the_page_says_so(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key("demo-own-key")

    poll()

    assert "GET /v1/loops/deployments" not in asked(world)
    assert "manage_org_training_projects" in freshness(acme).of("deployments").error
    assert freshness(acme).of("runs").error == ""


def test_every_time_is_unknown_before_the_first_poll(acme: Workspace, add_key: AddKey) -> None:
    add_key()
    assert freshness(acme).of("runs").as_of is None
    assert freshness(acme).overall.failing_since is None


def test_colleagues_checkpoints_are_not_missed_where_the_api_answers_for_ones_own(
    loops: Simulator, add_key: AddKey, poll: Poll
) -> None:
    """By base model it lists the key owner's own; everybody's stay present, poll after poll."""
    add_key()
    for _ in range(3):
        poll(after=120)
    there = set(loops.world.checkpoints)
    missing = Checkpoint.objects.filter(missing_since__isnull=False)
    assert {row.remote_id for row in missing} & there == set()


def test_an_api_that_asks_to_wait_for_years_is_asked_again_within_minutes(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    world.fail("GET /v1/loops/runs", "rate_limit", count=None, retry_after=1_000_000_000)
    poll()
    assert PollState.objects.get().next_poll_at <= clock() + timedelta(minutes=15)


def test_an_answer_with_something_unreadable_in_it_misses_nothing(
    world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    run = world.world.add_run()
    add_key()
    poll()
    run.extra["id"] = {"not": "an id"}
    poll(after=120)
    assert Run.objects.get(remote_id=run.id).missing_since is None


class Silence(httpx.BaseTransport):
    """The simulated API, but where it `is_silent` no answer comes."""

    def __init__(self, loops: Simulator, is_silent: Callable[[httpx.URL], bool]) -> None:
        self.loops, self.is_silent = httpx.WSGITransport(app=loops.wsgi), is_silent
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.is_silent(request.url):
            raise httpx.ReadTimeout("late", request=request)
        return self.loops.handle_request(request)


FallsSilent = Callable[[Callable[[httpx.URL], bool]], Silence]


@pytest.fixture
def falls_silent(world: Simulator, monkeypatch: pytest.MonkeyPatch) -> FallsSilent:
    def fall(is_silent: Callable[[httpx.URL], bool]) -> Silence:
        silence = Silence(world, is_silent)
        monkeypatch.setattr(http_client, "http", lambda: httpx.Client(transport=silence))
        return silence

    return fall


def test_an_api_that_does_not_answer_twice_is_asked_nothing_more(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, falls_silent: FallsSilent
) -> None:
    world.world.add_run()
    add_key()
    poll()
    silence = falls_silent(lambda _: True)

    poll(after=120)

    assert silence.asked == ["/v1/loops/runs", "/v1/loops/samplers"]
    errors = {freshness(acme).of(noun).error for noun in ("runs", "deployments", "checkpoints")}
    assert errors == {"The Loops API did not answer in time. Try again in a moment."}
    assert PollState.objects.get().failures == 1


def test_other_nouns_are_read_while_one_is_not_answered(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, falls_silent: FallsSilent
) -> None:
    world.world.add_run()
    add_key()
    falls_silent(lambda url: url.path in {"/v1/loops/runs", "/v1/loops/deployments"})
    sampler = world.world.add_sampler()
    poll(after=120)
    assert Sampler.objects.filter(remote_id=sampler.id).exists()
    assert freshness(acme).of("checkpoints").error == ""


def test_questions_that_are_never_answered_do_not_keep_the_others_from_being_asked(
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
