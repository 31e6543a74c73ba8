"""Which checkpoints to ask for: the API answers per run or per base model, one at a time.

Where something moves (a live run, a checkpoint still SYNCING) it is asked at every poll, by run or
by base model, whichever is fewer calls; the rest once in a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import TERMINAL, Deployment
from loopsweb.resources.reading import Reading
from loopsweb.resources.runs.models import Run

QUIET_EVERY = timedelta(minutes=10)
QUESTIONS_PER_POLL = 40
FEW = 8  # so few questions that all are asked at every poll


@dataclass(frozen=True, order=True)
class Question:
    by: str  # "run_id" or "base_model", as the API's query has it
    value: str

    @property
    def feed(self) -> str:
        return f"checkpoints {self.by}={self.value}"

    @property
    def api_filter(self) -> dict[str, str]:
        return {self.by: self.value}

    @property
    def row_filter(self) -> dict[str, str]:
        return {"run_remote_id" if self.by == "run_id" else "base_model": self.value}


def questions(
    *, reading: Reading, as_of: dict[str, datetime]
) -> tuple[set[Question], list[Question]]:
    """(all questions that together cover every run, those to ask now).

    `as_of` is when each feed was last answered.
    """
    runs = dict(
        reading.expected(Run.objects.filter(missing_since=None)).values_list(
            "remote_id", "base_model"
        )
    )
    moving = moving_runs(runs, reading=reading)
    hot = fewest({run: runs[run] for run in moving})
    every = fewest(runs)
    if len(every) <= FEW:
        return every, sorted(every)
    oldest_first = sorted(
        (as_of.get(question.feed, datetime.min.replace(tzinfo=reading.now.tzinfo)), question)
        for question in every - hot
    )
    due = [question for when, question in oldest_first if when <= reading.now - QUIET_EVERY]
    return every | hot, [*sorted(hot), *due][:QUESTIONS_PER_POLL]


def fewest(runs: dict[str, str]) -> set[Question]:
    """The fewest questions whose answers cover all of `runs` ({run id: base model or ""})."""
    models = {Question("base_model", model) for model in runs.values() if model}
    nameless = {Question("run_id", run) for run, model in runs.items() if not model}
    return models | nameless if len(models) + len(nameless) < len(runs) else by_run(runs)


def by_run(runs: dict[str, str]) -> set[Question]:
    return {Question("run_id", run) for run in runs}


def moving_runs(runs: dict[str, str], *, reading: Reading) -> set[str]:
    """Runs that may save a checkpoint soon or are saving one. Unknown counts as moving."""
    mine = Run.objects.in_workspace(reading.workspace)
    live = Deployment.objects.in_workspace(reading.workspace).exclude(status__in=TERMINAL)
    ids: set[str] = set()
    models: set[str] = set()
    for base_model, *pair in live.values_list(
        "base_model", "active_run_remote_id", "latest_run_remote_id"
    ):
        ids.update(run for run in pair if run)
        if not any(pair):
            models.add(base_model)
    ids.update(
        mine.filter(
            Q(status="ACTIVE")
            | Q(deployment_remote_id__in=live.values("remote_id"))
            | Q(base_model__in=models, status="")
        ).values_list("remote_id", flat=True)
    )
    syncing = Checkpoint.objects.in_workspace(reading.workspace).filter(sync_status="SYNCING")
    ids.update(syncing.values_list("run_remote_id", flat=True).distinct())
    return ids & runs.keys()
