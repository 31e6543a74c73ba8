"""Rows and the time they are from are committed together, while a poll goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from loopsweb.resources.models import Checkpoint, Deployment, PollState, Run, Sampler
from loopsweb.resources.nouns import find_noun
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.simulator import Simulator
from tests.resources.claims import claim_polls
from tests.resources.conftest import AddKey, Timeline

MODELS = (Run, Sampler, Deployment, Checkpoint)
Poll = Callable[..., int]


def poll_watched(timeline: Timeline, watch: Callable[[], None]) -> None:
    """Poll with a clock that tells `watch` whenever the poll asks for the time."""

    def clock() -> datetime:
        watch()
        timeline.pass_(1)
        return timeline()

    [state_id] = claim_polls(now=timeline())
    poller.run_poll(state_id, clock=clock)


def list_dates() -> dict[str, datetime | None]:
    state = PollState.objects.get()
    return {each.noun: Feed.load(state, find_noun(each).feed).as_of for each in MODELS}


def test_no_row_is_there_before_its_date_during_the_first_poll(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    for _ in range(3):
        run = world.world.add_run()
        world.world.add_deployment(run=run)
        world.world.add_checkpoint(run=run)
    add_key()
    seen = []

    def watch() -> None:
        dates = list_dates()
        seen.append([each.noun for each in MODELS if each.objects.exists()])
        assert [noun for noun, date in dates.items() if date] == seen[-1]

    poll_watched(clock, watch)

    assert seen[0] == []
    assert ["run", "sampler", "deployment"] in seen
    assert seen[-1] == ["run", "sampler", "deployment", "checkpoint"]


def test_new_rows_and_a_newer_date_appear_together(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    runs = [world.world.add_run() for _ in range(3)]
    world.world.add_deployment(run=runs[0])
    add_key()
    poll()
    first = list_dates()
    world.world.add_checkpoint(run=runs[0])
    world.world.add_deployment(run=world.world.add_run())
    clock.pass_(120)
    counts = {each.noun: each.objects.count() for each in MODELS}

    def watch() -> None:
        dates = list_dates()
        for each in (Run, Sampler, Deployment):
            is_new = each.objects.count() > counts[each.noun]
            assert is_new == (dates[each.noun] != first[each.noun])

    poll_watched(clock, watch)

    assert [noun for noun, date in list_dates().items() if date == first[noun]] == []


def test_what_was_never_answered_is_not_as_old_as_the_rest(now: datetime) -> None:
    answered, failing = Feed(as_of=now, digest="abc"), Feed(failing_since=now, error="No answer.")
    both = Feed.summarize([answered, failing], now=now)
    assert both == Feed(
        as_of=now,
        failing_since=now,
        error="Loading: 1 of 2 answers received. No answer.",
    )
    assert both.with_failure(error="An outage.", at=now) == both._replace(
        error="Loading: 1 of 2 answers received. An outage."
    )
    assert Feed.summarize([failing], now=now) == failing
    assert Feed.summarize([answered], now=now) == Feed(as_of=now)


def test_checkpoints_are_as_old_as_the_oldest_answer_about_any_run(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    for owner in world.world.users[:2]:  # each run needs a query of its own
        world.world.add_checkpoint(run=world.world.add_run(owner=owner))
    add_key()
    dates = []

    def watch() -> None:
        feed = Feed.load(PollState.objects.get(), "checkpoints")
        dates.append((Checkpoint.objects.count(), feed.as_of is not None, feed.error))

    poll_watched(clock, watch)

    assert (1, True, "Loading: 1 of 2 answers received.") in dates
    assert dates[-1] == (2, True, "")


def test_nothing_is_stored_once_another_worker_polls(
    world: Simulator, add_key: AddKey, clock: Timeline
) -> None:
    world.world.add_run()
    add_key()
    stolen = {
        "leased_until": clock() + timedelta(minutes=5),
        "last_started_at": clock() + timedelta(seconds=1),
    }

    asked: list[datetime] = []

    def steal() -> None:
        asked.append(clock())
        if len(asked) > 1:  # the poll knows its lease
            PollState.objects.update(**stolen)

    poll_watched(clock, steal)

    assert (Run.objects.count(), PollState.objects.get().feeds) == (0, {})
