"""Worker processes with the lanes that the product has, all in one thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from loopsweb.resources.worker.database_clock import DatabaseClock
from loopsweb.resources.worker.jobs import PollJob, claim_polls, find_control_jobs, find_polls
from loopsweb.resources.worker.lanes import Job, Lane, claim_each
from tests.simulation.clock import VirtualClock
from tests.simulation.disruptions import Disruptions, Process

THREADS = 4


class SerialLane(Lane[Any]):
    """A job that is started waits until the lane has looked. started: those that wait."""

    def __init__(
        self,
        name: str,
        *,
        find_jobs: Callable[[datetime, Collection[str]], Iterator[Job]],
        claim_jobs: Callable[[Sequence[Any], datetime], Any],
    ) -> None:
        super().__init__(name, threads=THREADS, hosts=1, find_jobs=find_jobs, claim_jobs=claim_jobs)
        self.started: list[Job] = []

    def start_job(self, job: Job, clock: DatabaseClock) -> None:
        self.running[job.pk] = job
        self.started.append(job)


class Worker:
    """One process. Once it was killed, the next `work` is another process in its place."""

    def __init__(self, name: str) -> None:
        self.process = Process(name)
        self.lanes = [
            SerialLane("polling", find_jobs=self.find_polls, claim_jobs=self.claim_polls),
            SerialLane("control", find_jobs=self.find_control_jobs, claim_jobs=claim_each),
        ]

    def set_up(
        self,
        *,
        clock: VirtualClock,
        disruptions: Disruptions,
        run_job: Callable[[Worker, Job], None],
        after_claiming: Callable[[Worker, Sequence[PollJob]], None],
        after_keeping: Callable[[Worker], None],
        after_finding: Callable[[Worker], None],
    ) -> None:
        self.clock, self.disruptions = clock, disruptions
        self.run_job, self.after_claiming = run_job, after_claiming
        self.after_keeping, self.after_finding = after_keeping, after_finding
        self.restart()

    def restart(self) -> None:
        self.process = Process(self.process.name)
        for lane in self.lanes:
            lane.running.clear()
            lane.started.clear()
            lane.stopping.clear()

    @property
    def is_running(self) -> bool:
        """True if it is in the middle of something."""
        return self.process in self.disruptions.processes

    def work(self) -> None:
        """Look for work once, as a process does about every second, and do it."""
        if self.process.is_dead:
            self.restart()
        with self.disruptions.run_process(self.process):
            for lane in self.lanes:
                lane.look(self.clock)
                while lane.started:
                    self.run(lane, lane.started.pop(0))

    def run(self, lane: SerialLane, job: Job) -> None:
        try:
            self.run_job(self, job)
        finally:
            lane.running.pop(job.pk, None)

    def keep(self) -> None:
        """Keep what it has claimed, as its lanes do while their threads wait."""
        for lane in self.lanes:
            for job in list(lane.running.values()):
                job.keep(now=self.clock())
        self.after_keeping(self)

    def find_polls(self, now: datetime, full_hosts: Collection[str]) -> Iterator[Job]:
        self.after_keeping(self)
        found = list(find_polls(now, full_hosts))
        self.after_finding(self)
        yield from found

    def claim_polls(self, jobs: Sequence[PollJob], now: datetime) -> list[PollJob]:
        claimed = claim_polls(jobs, now)
        self.after_claiming(self, claimed)
        return claimed

    def find_control_jobs(self, now: datetime, _full_hosts: Collection[str]) -> Iterator[Job]:
        found = list(find_control_jobs(now))
        self.after_finding(self)
        yield from found
