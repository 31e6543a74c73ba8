"""Stores an organisation as polls would have: rows with their figures, and what changed when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from loopsweb.accounts.models import Workspace
from loopsweb.batches import split
from loopsweb.resources.checkpoints.models import Checkpoint, CheckpointFeed
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import NO_GPUS, PAIR
from loopsweb.resources.figures.compute import to_values
from loopsweb.resources.figures.refresh import refresh_figures
from loopsweb.resources.figures.related import Key
from loopsweb.resources.lists.kept_counts import keep_counts
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.sessions.models import Origin, Session
from loopsweb.resources.snapshot.models import FIGURES, Costed, Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.starts import REQUESTED, Start
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.serving.benchmark_data.bulk_insert import Table, Values
from loopsweb.serving.benchmark_data.founding import found_workspace
from loopsweb.serving.benchmark_data.observation import find_seen_interval, store_poll_state
from loopsweb.serving.benchmark_data.organisation import Change, Training, generate_organisation
from loopsweb.serving.benchmark_data.rows import build_rows, build_session
from loopsweb.serving.demo_history import Interval

TRAININGS_AT_ONCE = 500
ENDED_PAIR = replace(NO_GPUS, gpus_of=PAIR, cost_of=PAIR)


@transaction.atomic
def fill_database(
    *,
    name: str,
    owner: str,
    runs: int,
    checkpoints: int,
    seed: int,
    now: datetime,
    report: Callable[[int], None],
) -> Workspace:
    """Create the workspace `name`. report: called with the number of runs stored so far."""
    key = found_workspace(name, owner=owner, now=now)
    filling = Filling(store_poll_state(key, now=now), PollContext.for_key(key, now=now))
    trainings = generate_organisation(runs=runs, checkpoints=checkpoints, seed=seed, now=now)
    stored = 0
    for some in split(trainings, TRAININGS_AT_ONCE):
        filling.store(some)
        stored += len(some)
        report(stored)
    refresh_figures(key.workspace, filling.live)
    touch_version(key.workspace)
    keep_counts(key.workspace)
    return key.workspace


class Filling:
    """live: the rows whose figures are still to be computed."""

    def __init__(self, state: PollState, poll: PollContext) -> None:
        self.now, self.workspace = poll.now, poll.workspace
        self.sessions: set[str] = set()
        self.live: list[Key] = []
        row: Values = {"workspace": poll.workspace, "source_key": poll.key}
        row |= dict.fromkeys(("first_seen_at", "changed_at"), poll.now)
        ended = dict(zip(FIGURES, to_values(NO_GPUS, None, ""), strict=True))
        ended_pair = dict(zip(FIGURES, to_values(ENDED_PAIR, None, ""), strict=True))
        self.tables: dict[type[Snapshot], Table] = {
            Session: Table(Session(**row, origin=Origin.RUN)),
            Run: Table(Run(**row, **ended, detailed_at=poll.now)),
            Sampler: Table(Sampler(**row, **ended)),
            Deployment: Table(Deployment(**row, **ended_pair)),
            Checkpoint: Table(Checkpoint(**row)),
        }
        self.changes = Table(StatusChange(workspace=poll.workspace, first_seen_new_at=poll.now))
        self.starts = Table(
            Start(workspace=poll.workspace, noun=Run.noun, target="trainer", source=REQUESTED)
        )
        self.feeds = Table(
            CheckpointFeed(state=state, by="run_id", as_of=poll.now, digest="benchmark")
        )

    def store(self, trainings: list[Training]) -> None:
        rows: dict[type[Snapshot], list[Values]] = {model: [] for model in self.tables}
        changes = [self.build_change(change) for one in trainings for change in one.changes]
        changed_at = {change["remote_id"]: change["first_seen_new_at"] for change in changes}
        for training in trainings:
            for model, row, created_at in self.list_rows(training):
                seen_at = self.see(created_at)[1]
                seen = {
                    "first_seen_at": seen_at,
                    "changed_at": changed_at.get(row["remote_id"], seen_at),
                }
                rows[model].append(row | seen)
                if training.is_live and issubclass(model, Costed):
                    self.live.append((model, row["remote_id"]))
        for model, table in self.tables.items():
            table.insert(rows[model])
        self.changes.insert(changes)
        self.feeds.insert({"value": one.run["id"]} for one in trainings)
        self.starts.insert(
            {
                "remote_id": one.run["id"],
                "from_run_id": one.resumed_from.run_id,
                "name": one.resumed_from.name,
            }
            for one in trainings
            if one.resumed_from
        )

    def list_rows(self, training: Training) -> Iterator[tuple[type[Snapshot], Values, datetime]]:
        """With the time at which each was created."""
        session_id = training.run["session_id"]
        if session_id not in self.sessions:
            self.sessions.add(session_id)
            yield Session, build_session(session_id), training.began_at
        for model, row in build_rows(training):
            yield model, row, row["created_at"]

    def build_change(self, change: Change) -> Values:
        last_seen_old_at, first_seen_new_at = self.see(change.at)
        is_sync = change.noun == Checkpoint.noun
        return {
            "noun": change.noun,
            "remote_id": change.remote_id,
            "field": Checkpoint.status_field if is_sync else Snapshot.status_field,
            "old": change.old,
            "new": change.new,
            "last_seen_old_at": last_seen_old_at,
            "first_seen_new_at": first_seen_new_at,
        }

    def see(self, at: datetime) -> Interval:
        """The last poll before it and the first one after it."""
        since, until = find_seen_interval(at, now=self.now)
        return since, min(until, self.now)
