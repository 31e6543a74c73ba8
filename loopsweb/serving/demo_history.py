"""The demo's past: what a worker would have observed of the simulator's last three days.

The simulator's clock starts three days behind and is moved on. Where a person acts, the API is
polled and the action taken as from a page, with the time passed in. The status changes between
these polls come from the simulator's log, with the interval in which polls would have seen each.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.resources.polling import leases, poller
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.models import Row, Snapshot
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod, build_period
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.stored_rows import BATCH_SIZE
from loopsweb.serving.demo_acts import ACTS, take_act
from loopsweb.serving.simulator_clock import SimulatorClock

Observed = Run | Sampler | Checkpoint | Deployment
OBSERVED: tuple[type[Observed], ...] = (Run, Sampler, Checkpoint, Deployment)
POLL_INTERVAL = timedelta(seconds=20)
SETTLED = timedelta(seconds=15)
UNOBSERVED = (timedelta(hours=19.4), timedelta(hours=18.5))  # before the present
Interval = tuple[datetime, datetime]


def observe_past(workspace: Workspace, *, clock: SimulatorClock, present: datetime) -> None:
    """Act and poll until the present, then store what changed in between."""
    state, begun = PollState.objects.get(key__workspace=workspace), clock.now
    for hours, act in ACTS.items():
        clock.move_to(present - timedelta(hours=hours))
        poll(state, now=clock.now)
        take_act(act, workspace, now=clock.now)
        if act.verb == "deactivate":
            clock.move_to(clock.now + SETTLED)
            poll(state, now=clock.now)
    clock.move_to(present)
    poll(state, now=clock.now)
    gap = (present - UNOBSERVED[0], present - UNOBSERVED[1])
    store_periods(state, begun=begun, gap=gap)
    store_past(workspace, clock.list_status_changes(), gap=gap)


def poll(state: PollState, *, now: datetime) -> None:
    """Poll, as if the polls before had been made and had found nothing new."""
    state.refresh_from_db()
    for name in state.feeds:
        feed = Feed.load(state, name)
        earlier = max(now - POLL_INTERVAL, feed.as_of or now)
        feed.with_answer(digest=feed.digest, at=earlier).store(state, name)
    state.save(update_fields=["feeds"])
    leases.claim([state], now=now)
    poller.run_poll(state.pk, clock=lambda: now)


def store_periods(state: PollState, *, begun: datetime, gap: Interval) -> None:
    """All was observed without a pause, but for the gap."""
    state.refresh_from_db()
    ObservedPeriod.objects.filter(workspace=state.key.workspace).delete()
    for feed in state.observed_since:
        state.observed_since[feed] = begun.isoformat()
        if period := build_period(state, feed, until=gap[0]):
            period.save()
        state.observed_since[feed] = gap[1].isoformat()
    state.save(update_fields=["observed_since"])


def find_interval(at: datetime, *, gap: Interval) -> Interval:
    """The last poll before `at` and the first one after it."""
    if gap[0] <= at < gap[1]:
        return gap
    seconds = POLL_INTERVAL.total_seconds()
    before = datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)
    return before, before + POLL_INTERVAL


def store_past(workspace: Workspace, entries: Iterable[dict[str, Any]], *, gap: Interval) -> None:
    """Replace the changes that the few polls saw, and give the rows the times of all polls."""
    rows: dict[str, Observed] = {
        row.remote_id: row
        for model in OBSERVED
        for row in model.objects.filter(workspace=workspace).exclude(created_at=None)
    }
    for row in rows.values():
        if row.created_at is not None:
            row.changed_at = row.first_seen_at = find_interval(row.created_at, gap=gap)[1]
    seen: dict[tuple[str, datetime], StatusChange] = {}
    for entry in entries:
        before, after = find_interval(datetime.fromisoformat(entry["at"]), gap=gap)
        changed = rows.get(entry["id"])
        if changed is None or changed.first_seen_at > before:
            continue
        changed.changed_at = after
        earlier = seen.get((changed.remote_id, after))
        seen[changed.remote_id, after] = StatusChange(
            workspace=workspace,
            noun=entry["noun"],
            remote_id=changed.remote_id,
            field=entry["field"],
            old=earlier.old if earlier else entry["old"],
            new=entry["new"],
            last_seen_old_at=before,
            first_seen_new_at=after,
        )
    StatusChange.objects.filter(workspace=workspace).delete()
    StatusChange.objects.bulk_create(one for one in seen.values() if one.old != one.new)
    for model in OBSERVED:
        store_times(model, rows.values())
    for run in Run.objects.filter(workspace=workspace).order_by("-first_seen_at"):
        sessions = Session.objects.filter(workspace=workspace, remote_id=run.session_remote_id)
        sessions.update(first_seen_at=run.first_seen_at, changed_at=run.first_seen_at)


def store_times(model: type[Row], rows: Iterable[Snapshot]) -> None:
    model._default_manager.bulk_create(
        [row for row in rows if isinstance(row, model)],
        batch_size=BATCH_SIZE,
        update_conflicts=True,
        unique_fields=["workspace", "remote_id"],
        update_fields=["first_seen_at", "changed_at"],
    )
