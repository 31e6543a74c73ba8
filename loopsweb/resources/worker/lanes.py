"""A lane: threads for one kind of work, shared out fairly among the API's hosts.

A job is claimed when a thread is free for it, so nothing that is claimed ever waits.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from multiprocessing.pool import ThreadPool
from typing import Generic, Protocol, TypeVar

from django.conf import settings
from django.db import close_old_connections, connections

from loopsweb.postgresql.limits import WORKER_SECONDS, limit_statements
from loopsweb.resources.snapshot.heartbeats import record_heartbeat
from loopsweb.resources.worker.database_clock import MAX_SKEW, DatabaseClock, describe_skew
from loopsweb.tracing import open_span
from loopsweb.ui.errors import OUTAGES

log = logging.getLogger(__name__)

MAX_ROUNDS = 5  # of a look
HAND_BACK_SECONDS = 1.0
DRAIN_SECONDS = 6.0  # for which running jobs may end by themselves when the process stops


class Job(Protocol):
    """host: the API that it waits for. Jobs of one kind with the same `pk` are the same job."""

    @property
    def pk(self) -> int | str: ...
    @property
    def host(self) -> str: ...

    def keep(self, *, now: datetime) -> None:
        """Keep it claimed while it runs."""

    def run(self, *, clock: Callable[[], datetime], is_stopping: Callable[[], bool]) -> None: ...

    def hand_back(self, *, now: datetime) -> None:
        """Let another worker have it at once: this process ends."""


class ClaimableJob(Job, Protocol):
    def claim(self, *, now: datetime) -> bool:
        """False when another worker has it."""


J = TypeVar("J", bound=Job)
C = TypeVar("C", bound=ClaimableJob)


def claim_each(jobs: Sequence[C], now: datetime) -> Iterator[C]:
    return (job for job in jobs if job.claim(now=now))


class Lane(Generic[J]):
    """One per kind of work and process.

    hosts: how many there are. None holds more than its share of the threads, even while no other
    has anything due: a slow host would still hold them when another one has. find_jobs: the jobs
    that are due, most urgent first; it may leave out those of hosts that have their share.
    claim_jobs: those of some jobs that no other worker has.
    """

    def __init__(
        self,
        name: str,
        *,
        threads: int,
        hosts: int,
        find_jobs: Callable[[datetime, Collection[str]], Iterable[J]],
        claim_jobs: Callable[[Sequence[J], datetime], Iterable[J]],
    ) -> None:
        self.name, self.threads = name, threads
        self.find_jobs, self.claim_jobs = find_jobs, claim_jobs
        self.share = max(1, (threads - 1) // max(1, hosts))
        self.stopping, self.wake = threading.Event(), threading.Event()
        self.running: dict[int | str, J] = {}
        self.is_full = self.is_skewed = False
        self.waiting: list[J] = []  # found at the last tick or later, and not claimed
        self.searched: set[frozenset[str]] = set()  # the hosts without which nothing else was due
        self.looked_at = -math.inf
        self.clock: DatabaseClock | None = None  # of the last tick
        self.looks, self.first, self.others = ThreadPool(1), ThreadPool(1), ThreadPool(threads)
        self.is_first_free = True
        self.thread = threading.Thread(target=self.work, name=name, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def request_stop(self) -> None:
        """Start nothing more. Safe in a signal handler."""
        self.stopping.set()
        self.wake.set()

    def work(self) -> None:
        while not self.stopping.is_set():
            self.looks.apply_async(self.look_again, error_callback=self.log_failure).wait()
            since = time.monotonic() - self.looked_at
            self.wake.wait(max(settings.POLL_TICK_SECONDS - since, 0))
            self.wake.clear()
        until = time.monotonic() + DRAIN_SECONDS
        while self.running and time.monotonic() < until:
            time.sleep(0.05)
        self.looks.apply(connections.close_all)
        self.hand_back()
        connections.close_all()

    def look_again(self) -> None:
        """A failure ends the round, not the lane. In between two ticks a thread got free."""
        is_tick = time.monotonic() - self.looked_at >= settings.POLL_TICK_SECONDS
        try:
            close_old_connections()
            with limit_statements(WORKER_SECONDS):
                if is_tick:
                    self.looked_at = time.monotonic()
                    self.look(DatabaseClock())
                elif self.clock:
                    self.start_jobs(self.clock)
        except OUTAGES as error:
            log.warning("the database cannot be used: %s", error)

    def look(self, clock: DatabaseClock) -> None:
        """Keep what runs, and start what is due as far as threads are free."""
        self.clock, self.waiting = clock, []
        self.searched.clear()
        record_heartbeat(self.name, now=clock(), clock_ahead=clock.ahead)
        self.warn_of_skew(clock.ahead)
        for running in list(self.running.values()):
            running.keep(now=clock())
        self.start_jobs(clock)

    def start_jobs(self, clock: DatabaseClock) -> None:
        for _ in range(MAX_ROUNDS):
            if not self.start_due(clock):
                break

    def start_due(self, clock: DatabaseClock) -> bool:
        """Start jobs that are due. True if there may be others: another worker had some, or more of
        one host were due than fit, and others behind them."""
        busy = Counter(job.host for job in list(self.running.values()))
        full = frozenset(host for host, number in busy.items() if number >= self.share)
        self.is_full = bool(full) or busy.total() >= self.threads
        if self.stopping.is_set() or busy.total() >= self.threads:
            return False
        if full.issuperset(job.host for job in self.waiting):
            if full in self.searched:
                return False
            found = list(self.find_jobs(clock(), full))
            if not found:
                self.searched.add(full)
            self.waiting = list({job.pk: job for job in [*self.waiting, *found]}.values())
        chosen: list[J] = []
        waiting: list[J] = []
        for job in self.waiting:
            if job.pk in self.running:
                continue
            fits = busy.total() < self.threads and busy[job.host] < self.share
            (chosen if fits else waiting).append(job)
            busy[job.host] += fits
        self.waiting = waiting
        self.is_full = self.is_full or bool(waiting)
        claimed = list(self.claim_jobs(chosen, clock()))
        for job in claimed:
            self.start_job(job, clock)
        has_room = busy.total() < self.threads
        return len(claimed) < len(chosen) or (has_room and self.is_full and bool(claimed))

    def warn_of_skew(self, ahead: timedelta) -> None:
        """Once, until the clocks agree again."""
        is_skewed = abs(ahead) > MAX_SKEW
        if is_skewed and not self.is_skewed:
            log.warning("The clock of this machine is %s. Set it.", describe_skew(ahead))
        self.is_skewed = is_skewed

    def start_job(self, job: J, clock: DatabaseClock) -> None:
        """In the first thread if that is free: while one job is due at a time, one thread has a
        connection and keeps what it needs."""
        if takes_first := self.is_first_free:
            self.is_first_free = False
        pool = self.first if takes_first else self.others

        def end(*_: object) -> None:
            if takes_first:
                self.is_first_free = True
            self.running.pop(job.pk, None)
            if self.is_full:
                self.wake.set()

        def end_with(error: BaseException) -> None:
            self.log_failure(error)
            end()

        self.running[job.pk] = job
        pool.apply_async(self.run_job, (job, clock), callback=end, error_callback=end_with)

    def log_failure(self, error: BaseException) -> None:
        log.error("a job of %s failed", self.name, exc_info=error)

    def run_job(self, job: J, clock: DatabaseClock) -> None:
        close_old_connections()
        try:
            traced = open_span(type(job).__name__, job=str(job.pk))
            with traced, limit_statements(WORKER_SECONDS):
                job.run(clock=clock, is_stopping=self.stopping.is_set)
        finally:
            if self.stopping.is_set():
                connections.close_all()
            else:
                close_old_connections()

    def hand_back(self) -> None:
        try:
            with limit_statements(HAND_BACK_SECONDS):
                clock = DatabaseClock()
                for job in list(self.running.values()):
                    job.hand_back(now=clock())
        except OUTAGES as error:
            log.warning("%s could not hand back its work: %s", self.name, error)

    def close(self) -> None:
        """Leave what still runs to itself."""
        for pool in (self.looks, self.first, self.others):
            pool.terminate()
