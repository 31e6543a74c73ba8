"""Lanes share threads out among hosts, claim when a thread is free, and hand back at the end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import pytest

from loopsweb.resources.worker.database_clock import DatabaseClock
from loopsweb.resources.worker.lanes import Lane, claim_each
from tests.processes import wait_for

THREADS, HOSTS = 8, 3
pytestmark = pytest.mark.django_db
numbers = count(1)


@dataclass
class Held:
    """A job that runs until it is let go."""

    host: str
    pk: int = field(default_factory=lambda: next(numbers))
    history: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def claim(self, *, now: datetime) -> bool:
        self.history.append("claimed")
        return True

    def keep(self, *, now: datetime) -> None:
        self.history.append("kept")

    def run(self, *, clock: Callable[[], datetime], is_stopping: Callable[[], bool]) -> None:
        while not self.let_go.wait(0.005) and not is_stopping():
            pass

    def hand_back(self, *, now: datetime) -> None:
        self.history.append("handed back")


class Deaf(Held):
    """One that waits for an answer and does not notice that the process ends."""

    def run(self, *, clock: Callable[[], datetime], is_stopping: Callable[[], bool]) -> None:
        self.let_go.wait()


@pytest.fixture
def due() -> list[Held]:
    return []


@pytest.fixture
def lane(due: list[Held]) -> Iterator[Lane[Held]]:
    lane = Lane(
        "test", threads=THREADS, hosts=HOSTS, find_jobs=lambda *_: list(due), claim_jobs=claim_each
    )
    yield lane
    for job in due:
        job.let_go.set()
    lane.close()


def count_running(lane: Lane[Held]) -> Counter[str]:
    return Counter(job.host for job in lane.running.values())


def test_slow_hosts_that_come_one_after_the_other_leave_threads_to_the_last(
    lane: Lane[Held], due: list[Held]
) -> None:
    for host in ("slow", "slower", "quick"):
        due += [Held(host) for _ in range(20)]
        lane.look(DatabaseClock())
    assert count_running(lane) == {"slow": 2, "slower": 2, "quick": 2}


@pytest.mark.parametrize(
    ("threads", "hosts", "share"), [(16, 1, 15), (16, 2, 7), (16, 20, 1), (3, 2, 1), (1, 1, 1)]
)
def test_a_host_never_has_every_thread(threads: int, hosts: int, share: int) -> None:
    lane = Lane(
        "test", threads=threads, hosts=hosts, find_jobs=lambda *_: [], claim_jobs=claim_each
    )
    assert lane.share == share
    lane.close()


def test_hosts_share_the_threads(lane: Lane[Held], due: list[Held]) -> None:
    due += [Held(host) for _ in range(20) for host in ("a", "b", "c")]
    lane.look(DatabaseClock())
    assert count_running(lane) == {"a": 2, "b": 2, "c": 2}


def test_slow_hosts_hold_up_no_quick_one(due: list[Held]) -> None:
    lane = Lane(
        "test", threads=THREADS, hosts=20, find_jobs=lambda *_: list(due), claim_jobs=claim_each
    )
    slow = [Held(f"slow {n % 4}") for n in range(40)]
    quick = [Held(f"quick {n}") for n in range(16)]
    due += slow + quick
    done = set[str]()
    for _ in range(20):
        lane.look(DatabaseClock())
        for job in [job for job in lane.running.values() if isinstance(job, Held)]:
            if job.host.startswith("quick"):
                job.let_go.set()
                wait_for(lambda job=job: job.pk not in lane.running)  # type: ignore[misc]
                due.remove(job)
                done.add(job.host)
    assert done == {job.host for job in quick}
    for job in slow:
        job.let_go.set()
    lane.close()


def test_nothing_is_claimed_before_a_thread_is_free(lane: Lane[Held], due: list[Held]) -> None:
    due += [Held("a") for _ in range(20)]
    for _ in range(3):
        lane.look(DatabaseClock())
    assert sum("claimed" in job.history for job in due) == (THREADS - 1) // HOSTS


def test_a_thread_that_gets_free_takes_what_was_found_at_the_last_tick(due: list[Held]) -> None:
    looks: list[int] = []

    def find(*_: object) -> list[Held]:
        looks.append(1)
        return list(due) if len(looks) == 1 else []

    lane = Lane("test", threads=3, hosts=1, find_jobs=find, claim_jobs=claim_each)
    due += [Held("a") for _ in range(4)]
    lane.look(clock := DatabaseClock())
    assert [bool(job.history) for job in due] == [True, True, False, False]
    seen = len(looks)
    for job in due:
        job.let_go.set()
        wait_for(lambda job=job: job.pk not in lane.running)  # type: ignore[misc]
        lane.start_jobs(clock)
    assert [job.history for job in due] == [["claimed"]] * 4
    assert len(looks) - seen <= 2
    lane.close()


def test_what_runs_is_kept(lane: Lane[Held], due: list[Held]) -> None:
    due.append(Held("a"))
    for _ in range(3):
        lane.look(DatabaseClock())
    assert due[0].history == ["claimed", "kept", "kept"]


def test_jobs_that_follow_one_another_run_in_one_thread(lane: Lane[Held], due: list[Held]) -> None:
    """So that a worker with little to do has one connection, and keeps memory for one poll."""
    seen = list[int]()

    class Noting(Held):
        def run(self, *, clock: Callable[[], datetime], is_stopping: Callable[[], bool]) -> None:
            seen.append(threading.get_ident())
            super().run(clock=clock, is_stopping=is_stopping)

    for _ in range(5):
        due[:] = [job := Noting("a")]
        lane.look(DatabaseClock())
        job.let_go.set()
        wait_for(lambda: not lane.running)
    due[:] = [Noting("a"), Noting("b")]  # at once
    lane.look(DatabaseClock())
    wait_for(lambda: len(seen) == 7)
    assert (len(set(seen[:5])), len(set(seen))) == (1, 2)


def test_a_failing_job_frees_its_thread(
    lane: Lane[Held], due: list[Held], caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Held):
        def run(self, *, clock: Callable[[], datetime], is_stopping: Callable[[], bool]) -> None:
            raise ZeroDivisionError

    due.append(Failing("a"))
    lane.look(DatabaseClock())
    wait_for(lambda: not lane.running)
    assert [record.getMessage() for record in caplog.records] == ["a job of test failed"]


@pytest.mark.django_db(transaction=True)
def test_a_stopping_lane_hands_back_only_what_does_not_end(
    lane: Lane[Held], due: list[Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopsweb.resources.worker.lanes.DRAIN_SECONDS", 0.1)
    due += [Held("a"), Deaf("b")]
    lane.start()
    wait_for(lambda: len(lane.running) == 2)
    lane.request_stop()
    lane.thread.join(5)
    assert [job.history[-1] == "handed back" for job in due] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_a_failing_look_ends_no_lane(caplog: pytest.LogCaptureFixture) -> None:
    done = list[int]()

    def fail_at_first(*_: object) -> list[Held]:
        done.append(1)
        if len(done) == 1:
            raise ZeroDivisionError
        return []

    lane = Lane("test", threads=1, hosts=1, find_jobs=fail_at_first, claim_jobs=claim_each)
    lane.start()
    lane.wake.set()
    wait_for(lambda: len(done) > 1)
    lane.request_stop()
    lane.thread.join(5)
    lane.close()
    assert "a job of test failed" in [record.getMessage() for record in caplog.records]
