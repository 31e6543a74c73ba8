"""Which checkpoints to ask for: the API answers per run or per base model, one at a time.

By base model it answers for the key owner's own runs only. Where something moves (a live run, a
checkpoint still SYNCING) it is asked at every poll, by run or by base model, whichever is fewer
calls; the rest once in a while.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import TERMINAL, Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_context import Reading

QUIET_EVERY = timedelta(minutes=2)
QUESTIONS_PER_POLL = 100
FEW = 40  # so few questions that all are asked at every poll
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Question:
    by: str  # "run_id" or "base_model", as the API's query has it
    value: str

    @property
    def api_filter(self) -> dict[str, str]:
        return {self.by: self.value}

    def rows(self, reading: Reading) -> QuerySet[Checkpoint]:
        """Those that an answer should name: by base model, of the key owner's own runs alone."""
        if self.by == "run_id":
            return Checkpoint.objects.filter(run_remote_id=self.value)
        own = Run.objects.in_workspace(reading.workspace).filter(owner_email__in=owners(reading))
        return Checkpoint.objects.filter(
            base_model=self.value, run_remote_id__in=own.values("remote_id")
        )


def questions(
    *, reading: Reading, feeds: Mapping[Question, Feed]
) -> tuple[set[Question], list[Question]]:
    """(all questions that together cover every run, those to ask now).

    Never-asked ones come first, of quiet runs as of live ones. Those that failed the last time come
    last, in any order: two that never answer end a poll, but not always before the same others.
    """
    runs = runs_to_cover(reading)
    every = fewest(runs)
    if len(every) <= FEW:
        return every, in_turn(sorted(every), feeds)
    moving = moving_runs(reading=reading)
    hot = fewest({run: model for run, model in runs.items() if run in moving})
    as_of = {question: feed.as_of or NEVER for question, feed in feeds.items()}
    long_ago = reading.now - QUIET_EVERY
    due = [question for question in every - hot if as_of.get(question, NEVER) <= long_ago]
    due.sort(key=lambda question: (as_of.get(question, NEVER), question))
    return every | hot, in_turn([*sorted(hot), *due], feeds)[:QUESTIONS_PER_POLL]


def in_turn(due: list[Question], feeds: Mapping[Question, Feed]) -> list[Question]:
    failing = [one for one in due if one in feeds and feeds[one].failing_since]
    random.shuffle(failing)
    last = set(failing)
    return [one for one in due if one not in last] + failing


def runs_to_cover(reading: Reading) -> dict[str, str]:
    """{run id: its base model if it is the key owner's own, else ""}."""
    runs = reading.expected(Run.objects.filter(missing_since=None))
    return {
        run: model if owner in owners(reading) else ""
        for run, model, owner in runs.values_list("remote_id", "base_model", "owner_email")
    }


def owners(reading: Reading) -> set[str]:
    """Whose runs are the key owner's own: older servers list no others, and name nobody."""
    return {"", reading.key.api_email}


def fewest(runs: Mapping[str, str]) -> set[Question]:
    """The fewest questions that cover `runs`, {run id: base model to ask it by, or ""}."""
    models = {model for model in runs.values() if model}
    by_model = {run for run, model in runs.items() if model}
    if len(models) >= len(by_model):
        models, by_model = set(), set()
    by_run = {Question("run_id", run) for run in runs.keys() - by_model}
    return by_run | {Question("base_model", model) for model in models}


def moving_runs(*, reading: Reading) -> set[str]:
    """Runs that may save a checkpoint soon or are saving one. Unknown counts as moving."""
    live = Deployment.objects.in_workspace(reading.workspace).exclude(status__in=TERMINAL)
    syncing = Checkpoint.objects.in_workspace(reading.workspace).filter(sync_status="SYNCING")
    runs = Run.objects.in_workspace(reading.workspace).filter(
        Q(status="ACTIVE")
        | Q(remote_id__in=live.values("active_run_remote_id"))
        | Q(deployment_remote_id__in=live.values("remote_id"), status="")
        | Q(base_model__in=live.filter(latest_run_remote_id="").values("base_model"), status="")
        | Q(remote_id__in=syncing.values("run_remote_id"))
    )
    return set(runs.values_list("remote_id", flat=True))
