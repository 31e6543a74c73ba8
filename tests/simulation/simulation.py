"""One simulation: a clock, an API, two workers and people, and what is checked of them."""

from __future__ import annotations

import contextvars
import functools
import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import pytest
import stamina
from django.core.cache import caches

from loopsweb.loops_api import connection_pool
from loopsweb.resources.snapshot.viewers import record_viewer_in_turn
from loopsweb.resources.worker.jobs import DeactivationJob, PollJob
from loopsweb.resources.worker.lanes import Job
from loopsweb.simulator import Simulator
from tests.simulation.api import Call, NotedApi
from tests.simulation.clock import VirtualClock
from tests.simulation.disruptions import Disruptions, Process
from tests.simulation.history import History
from tests.simulation.organisation import Organisation
from tests.simulation.people import People
from tests.simulation.polling import Polling
from tests.simulation.promises import Promises
from tests.simulation.sending import Sending
from tests.simulation.workers import Worker

STEP = 4  # seconds: how often workers look while somebody waits
READ_TIMEOUT = 30
numbers = itertools.count(1)


@functools.cache
def get_workers() -> tuple[Worker, Worker]:
    """Their lanes have threads, though none is used here, so they are made once."""
    return Worker("worker A"), Worker("worker B")


class Simulation:
    def __init__(self, *, seed: int, stopping_seconds: float) -> None:
        self.exits = ExitStack()
        for cache in caches.all():
            cache.clear()
        record_viewer_in_turn.cache_clear()
        self.clock, self.disruptions = VirtualClock(), Disruptions()
        self.simulator = Simulator(
            now=self.clock, seed=seed, runs=0, stopping_seconds=stopping_seconds, sleep=self.be_slow
        )
        self.organisation = Organisation(self.simulator, number=next(numbers))
        self.history = History(self.simulator.world, self.clock)
        self.history.note()
        self.simulator.world.schedule.after_event = self.history.note
        self.clock.before_moving = self.history.note
        self.clock.after_moving = self.simulator.run_due_events
        self.sending, self.polling = Sending(self.history), Polling(self.clock)
        self.connect_api()
        self.people = People(self.clock, self.organisation.secrets)
        self.promises = Promises(
            history=self.history,
            sending=self.sending,
            clock=self.clock,
            organisations={self.people.acme: "acme", self.people.other: "other"},
        )
        self.workers = get_workers()
        self.let_other_first = False
        for worker in self.workers:
            worker.set_up(
                clock=self.clock,
                disruptions=self.disruptions,
                run_job=self.run_job,
                after_claiming=self.after_claiming,
                after_keeping=lambda worker: self.polling.note_keeping(worker.process),
                after_finding=self.after_finding,
            )

    def connect_api(self) -> None:
        api = NotedApi(
            self.simulator,
            clock=self.clock,
            disruptions=self.disruptions,
            before_sending=self.sending.check_call,
            after_call=self.note_call,
        )
        http = httpx.WSGITransport(app=api)
        patch = self.exits.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(connection_pool, "get_shared_pool", lambda: http)
        self.exits.enter_context(stamina.set_testing(True, attempts=3, cap=True))
        self.exits.enter_context(self.disruptions.watch_statements())

    def close(self) -> None:
        self.exits.close()

    def note_call(self, call: Call) -> None:
        self.polling.note_call(call)
        if call.target:
            self.polling.forget_pace()  # the effect is to be seen soon
            self.sending.note_answer(call.target, call.status)
            self.history.note()

    def run_job(self, worker: Worker, job: Job) -> None:
        """In a context of its own, as in a thread of its own."""
        run = functools.partial(
            job.run, clock=self.clock, is_stopping=worker.lanes[0].stopping.is_set
        )
        if not isinstance(job, PollJob):
            if isinstance(job, DeactivationJob) and job.is_due:
                self.polling.forget_pace()
            contextvars.Context().run(run)
            return
        try:
            contextvars.Context().run(run)
        finally:
            self.polling.end(job, worker.process)

    def after_claiming(self, worker: Worker, claimed: Sequence[PollJob]) -> None:
        for job in claimed:
            self.polling.claim(job, worker.process)

    def after_finding(self, finder: Worker) -> None:
        """The other worker may find and claim the same before this one claims anything."""
        if self.let_other_first:
            self.let_other_first = False
            for worker in self.workers:
                if worker is not finder and not worker.is_running:
                    worker.work()

    def be_slow(self, seconds: float) -> None:
        """The API takes this long to answer the process that runs."""
        process = self.disruptions.processes[-1] if self.disruptions.processes else None
        self.wait(min(seconds, READ_TIMEOUT), process=process)
        if seconds > READ_TIMEOUT:
            raise httpx.ReadTimeout("The simulated answer takes too long.")

    def wait(self, seconds: float, *, process: Process | None, is_frozen: bool = False) -> None:
        """Time passes in the middle of what a process does. The workers go on, that one's other
        threads too unless it is frozen; while one waits already, time passes and nothing else.
        Pages are looked at before it goes on."""
        is_inside = len(self.disruptions.processes) > 1
        while seconds > 0:
            self.clock.pass_(min(seconds, STEP))
            seconds -= STEP
            for worker in self.workers:
                if not (is_frozen and worker.process is process):
                    worker.keep() if is_inside else worker.work()
        if not is_inside:
            self.check()

    def freeze(self, process: Process, *, seconds: float) -> None:
        self.wait(seconds, process=process, is_frozen=True)

    @contextmanager
    def act(self) -> Iterator[None]:
        """Somebody submits a form: in a process that may be killed or frozen, too."""
        with self.disruptions.run_process(Process("web")):
            yield
        self.polling.forget_pace()

    def work_for(self, seconds: float, *, worker_numbers: tuple[int, ...]) -> None:
        """The workers look in turn."""
        until, turns = self.clock() + timedelta(seconds=seconds), itertools.cycle(worker_numbers)
        while self.clock() < until:
            self.clock.pass_(STEP)
            self.workers[next(turns)].work()

    def check(self) -> None:
        self.history.note()
        with self.disruptions.pause():
            self.promises.check()
