"""Statuses of the past equal what the answers themselves say, computed plainly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.history.moments import select_moment
from loopsweb.resources.history.observation import compute_longest_wait, load_observation
from loopsweb.resources.history.statuses import Knowledge, load_histories
from loopsweb.resources.models import Deployment, ObservedPeriod, StatusChange, UnknownPeriod
from loopsweb.simulator import Simulator
from tests.resources.conftest import AddKey, Timeline

ROUTE = "GET /v1/loops/deployments"
IN_TIME, LATE = 70, 400  # seconds between two polls
NOT_LISTED, NO_STATUS = "not listed", "no status"
ended = {"STOPPED", "FAILED"}
said = st.sampled_from(["RUNNING", "SCALED_TO_ZERO", "STOPPED", NOT_LISTED, NO_STATUS])


class Step(NamedTuple):
    """One poll, so many seconds after the one before; what the API says of each deployment."""

    after: int
    is_answered: bool
    said: dict[str, str]


steps = st.builds(
    Step,
    st.sampled_from([IN_TIME, IN_TIME, LATE]),
    st.sampled_from([True, True, True, False]),
    st.fixed_dictionaries({"d1": said, "d2": said}),
)


@dataclass
class Answers:
    """Every answer that came, and what follows from them."""

    since: datetime
    polls: list[datetime] = field(default_factory=list)
    all: list[tuple[datetime, dict[str, str]]] = field(default_factory=list)

    def know(self, remote_id: str, at: datetime) -> tuple[str, Knowledge]:
        before = [(time, said.get(remote_id, NOT_LISTED)) for time, said in self.all if time <= at]
        listed = [(time, status) for time, status in before if status != NOT_LISTED]
        if not listed:
            return "", Knowledge.NOT_OBSERVED
        given_statuses = [status for _, status in listed if status != NO_STATUS]
        status = given_statuses[-1] if given_statuses else ""
        if status in ended:
            return status, Knowledge.KNOWN
        after = [time for time, _ in self.all if time > at]
        until = after[0] if after else self.polls[-1]
        if until - before[-1][0] > compute_longest_wait("deployments"):
            return status, Knowledge.NOT_OBSERVED
        is_given = before[-1][1] not in {NOT_LISTED, NO_STATUS}
        return status, Knowledge.KNOWN if is_given else Knowledge.NOT_GIVEN


def live(steps: list[Step], world: Simulator, clock: Timeline, poll: Callable[..., int]) -> Answers:
    """Let it all happen, poll by poll."""
    answers = Answers(clock())
    for step in steps:
        world.world.deployments.clear()
        listed = {one: status for one, status in step.said.items() if status != NOT_LISTED}
        for remote_id, status in listed.items():
            has_none = status == NO_STATUS
            world.world.add_deployment(
                id=remote_id,
                status="RUNNING" if has_none else status,
                omit={"status"} if has_none else (),
                created_at=answers.since,
            )
        if not step.is_answered:
            world.add_fault(ROUTE, "status", status=400)
        poll(after=step.after)
        answers.polls.append(clock())
        world.clear_faults()
        if step.is_answered:
            answers.all.append((clock(), listed))
    return answers


@given(st.lists(steps, min_size=2, max_size=6))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_band_and_every_moment_say_what_the_answers_said(
    acme: Workspace,
    world: Simulator,
    add_key: AddKey,
    clock: Timeline,
    poll: Callable[..., int],
    steps: list[Step],
) -> None:
    for model in (Key, Deployment, StatusChange, UnknownPeriod, ObservedPeriod):
        model._default_manager.all().delete()
    add_key()
    answers = live(steps, world, clock, poll)
    start, now = answers.since, answers.polls[-1]

    rows = list(Deployment.objects.in_workspace(acme))
    histories = load_histories(rows, since=start, now=now)
    observation = load_observation(acme, "deployments", since=start, now=now)
    for at in moments(start, answers.polls):
        expected = {one: answers.know(one, at) for one in histories}
        assert {one: history.at(at) for one, history in histories.items()} == expected
        selected = select_moment(acme, Deployment, at=at, observation=observation)
        found = {(row.remote_id, *read_then(row)) for row in selected}
        assert found == {
            (one, status, knowledge is Knowledge.KNOWN)
            for one, (status, knowledge) in expected.items()
            if at >= histories[one].first_seen_at
        }
    for history in histories.values():
        stretches = history.stretches(start, now)
        assert [one.end for one in stretches[:-1]] == [one.start for one in stretches[1:]]
        assert (stretches[0].start, stretches[-1].end) == (start, now)
        for at in moments(start, answers.polls):
            [around] = [one for one in stretches if one.start <= at < one.end]
            assert (around.status, around.knowledge) == history.at(at)


def read_then(row: Any) -> tuple[str, bool]:
    return row.status_then, row.is_known_then


def moments(start: datetime, polls: list[datetime]) -> list[datetime]:
    """Some before the first poll and after each but the last, none at one."""
    times = [start, *polls]
    found = [one + timedelta(seconds=n) for one in times for n in (3, IN_TIME - 3, LATE - 3)]
    return sorted({at for at in found if at < times[-1]})
