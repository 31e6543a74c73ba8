"""How keys are polled: by one process at a time, at the pace that the API asks for, and all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from loopsweb.resources.polling.pace import MAX_RETRY_AFTER
from loopsweb.resources.worker.jobs import PollJob
from tests.simulation.api import Call
from tests.simulation.disruptions import Process

SURE_LEASE = timedelta(seconds=10)  # what is left of a lease at least, when its worker has kept it


class PolledWrongly(AssertionError):
    """A key was polled, and should not have been, or was not."""


@dataclass
class RunningPoll:
    """sure_until: till then nobody else may begin, if its process lives. is_overtaken: somebody did
    later."""

    process: Process
    secret: str
    sure_until: datetime
    is_overtaken: bool = False


class Polling:
    """running: {primary key of a poll state: the polls that are under way}. quiet_until: {API key:
    when the API may be asked again}. waits: {API key: how long the poll under way was told to
    wait}. longest_quiet: until when some key may wait, what was forgotten included.
    polled_at: {API key: when a poll asked last}."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.running: dict[int, list[RunningPoll]] = {}
        self.quiet_until: dict[str, datetime] = {}
        self.waits: dict[str, timedelta] = {}
        self.longest_quiet = clock()
        self.polled_at: dict[str, datetime] = {}

    def claim(self, job: PollJob, process: Process) -> None:
        """The process has the lease from now on, or so it was told."""
        now, others = self.clock(), self.running.setdefault(job.pk, [])
        for other in others:
            is_over = other.process.is_dead or other.is_overtaken
            if not is_over and now < other.sure_until:
                raise PolledWrongly(f"{job.state} by {process.name} and {other.process.name}")
            other.is_overtaken = True
        secret = job.state.key.decrypt_secret()
        if others:  # nobody else knows what they were told
            self.forget_pace(secret)
        if now < self.quiet_until.get(secret, now):
            raise PolledWrongly(f"{job.state}, though the API said: not before {self.quiet_until}")
        others.append(RunningPoll(process, secret, now + SURE_LEASE))

    def end(self, job: PollJob, process: Process) -> None:
        [poll] = [each for each in self.running[job.pk] if each.process is process]
        self.running[job.pk].remove(poll)
        wait = self.waits.pop(poll.secret, timedelta())  # may begin when the poll ends
        self.longest_quiet = max(self.longest_quiet, self.clock() + wait)
        if process.is_dead or poll.is_overtaken:  # nobody knows what it was told
            self.forget_pace(poll.secret)

    def note_keeping(self, process: Process) -> None:
        """The process has renewed the leases of what it runs."""
        for polls in self.running.values():
            for poll in polls:
                if poll.process is process and not poll.is_overtaken:
                    poll.sure_until = max(poll.sure_until, self.clock() + SURE_LEASE)

    def note_call(self, call: Call) -> None:
        """Of a poll: only these keep to a pace."""
        running = [poll for polls in self.running.values() for poll in polls]
        if not any(poll.process is call.process and poll.secret == call.secret for poll in running):
            return
        self.polled_at[call.secret] = call.at
        if call.status == 429 and call.retry_after:
            wait = min(timedelta(seconds=call.retry_after), MAX_RETRY_AFTER)
            self.quiet_until[call.secret], self.waits[call.secret] = self.clock() + wait, wait

    def forget_pace(self, secret: str = "") -> None:
        """Somebody wants news at once, or the poll that was told did not live to store it."""
        for one in [secret] if secret else list(self.quiet_until):
            self.quiet_until.pop(one, None)

    def check_polled(self, secrets: Iterable[str], *, since: datetime) -> None:
        """At least one of these keys was polled since then."""
        times = [self.polled_at.get(secret) for secret in secrets]
        if not any(at and at >= since for at in times):
            raise PolledWrongly(f"no poll between {since} and {self.clock()}: {times}")
