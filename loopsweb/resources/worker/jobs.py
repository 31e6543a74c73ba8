"""The jobs of the two lanes: polls; and sends and settlements, which must not wait for polls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from structlog.contextvars import bound_contextvars

from loopsweb.audit.record import find_request_id
from loopsweb.keys.models import Key
from loopsweb.resources.cleanups import dispatch as removals
from loopsweb.resources.cleanups.models import Removal
from loopsweb.resources.deactivations import dispatch, reconcile, sync_waits
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.polling import leases, poller, queue
from loopsweb.resources.polling.inquiry import Clock
from loopsweb.resources.snapshot.poll_state import PollState


@dataclass
class PollJob:
    state: PollState

    @property
    def pk(self) -> int:
        return self.state.pk

    @property
    def host(self) -> str:
        return self.state.key.api_url

    def keep(self, *, now: datetime) -> None:
        leases.renew_lease(self.state, now=now)

    def run(self, *, clock: Clock, is_stopping: Callable[[], bool]) -> None:
        poller.run_poll(self.state.pk, clock=clock, is_stopping=is_stopping)

    def hand_back(self, *, now: datetime) -> None:
        leases.hand_back(self.state, now=now)


@dataclass
class DeactivationJob:
    """Send a request that is due, or ask what became of one that was sent."""

    deactivation: Deactivation
    host: str

    @property
    def pk(self) -> int:
        return self.deactivation.pk

    @property
    def is_due(self) -> bool:
        return self.deactivation.state == State.DUE

    def claim(self, *, now: datetime) -> bool:
        claim = dispatch.claim if self.is_due else reconcile.claim
        return claim(self.deactivation, now=now)

    def keep(self, *, now: datetime) -> None:
        """It is claimed for longer than its one call may take."""

    def run(self, *, clock: Clock, is_stopping: Callable[[], bool]) -> None:
        with name_request(self.deactivation.incident):
            if self.is_due:
                dispatch.dispatch(self.pk, clock=clock)
            else:
                reconcile.reconcile(self.pk, now=clock())

    def hand_back(self, *, now: datetime) -> None:
        """A call that is cut off is not repeated: see `reconcile`."""


@dataclass
class RemovalJob:
    """Send one checkpoint of a clean-up, or ask what became of it."""

    removal: Removal
    host: str

    @property
    def pk(self) -> str:
        return f"removal {self.removal.pk}"

    def claim(self, *, now: datetime) -> bool:
        return removals.claim(self.removal, now=now)

    def keep(self, *, now: datetime) -> None:
        """It is claimed for longer than its one call may take."""

    def run(self, *, clock: Clock, is_stopping: Callable[[], bool]) -> None:
        due_at = self.removal.ask_at
        with name_request(self.removal.incident):
            removals.work_on(self.removal.pk, clock=clock, due_at=due_at)

    def hand_back(self, *, now: datetime) -> None:
        """A call that is cut off is not repeated."""


@contextmanager
def name_request(incident: UUID) -> Iterator[None]:
    """Give the lines of the log the ID of the request that started the incident."""
    with bound_contextvars(request_id=find_request_id(incident)):
        yield


def find_polls(now: datetime, full_hosts: Collection[str]) -> Iterator[PollJob]:
    return map(PollJob, queue.find_due_states(now=now, full_hosts=full_hosts))


def claim_polls(jobs: Sequence[PollJob], now: datetime) -> list[PollJob]:
    claimed = {state.pk for state in leases.claim([job.state for job in jobs], now=now)}
    return [job for job in jobs if job.pk in claimed]


def find_control_jobs(
    now: datetime, _full_hosts: Collection[str] = ()
) -> Iterator[DeactivationJob | RemovalJob]:
    """Expires what is overdue first, and lets go on what has synced. Checkpoints that are to be
    removed wait for whatever is to be ended."""
    dispatch.expire_overdue(now=now)
    sync_waits.settle_waits(now=now)
    due = [*dispatch.find_due(now=now), *reconcile.find_sent(now=now)]
    going = [*removals.find_due(now=now), *removals.find_sent(now=now)]
    if due or going:
        hosts = dict(Key.objects.values_list("workspace_id", "api_url"))
        for row in due:
            yield DeactivationJob(row, hosts.get(row.workspace_id, ""))
        for removal in going:
            yield RemovalJob(removal, hosts.get(removal.workspace_id, ""))
