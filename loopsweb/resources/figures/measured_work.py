"""What metrics say of when a deployment last worked, asked where it seems to idle."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F, Q, QuerySet

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.metric_series import Work, find_last_work, list_series
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.figures.work import GPU, REQUESTS
from loopsweb.resources.snapshot.models import REPORTED
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import lock_writers, rows_stored, touch_version

log = logging.getLogger(__name__)

SEEMS_IDLE_AFTER = timedelta(minutes=5)
ASK_AFTER = timedelta(minutes=5)
ASK_AFTER_REFUSAL = timedelta(hours=1)
MAX_PER_POLL = 4
MAX_WINDOW = timedelta(days=7)  # the API gives no more at once
OVERLAP = timedelta(minutes=10)  # with the last window: values may come late
MAX_VALUES, SHORTEST_STEP = 120, 60  # of one series, in seconds


@dataclass(frozen=True)
class Answer:
    """error: why there is none, None where there is. work: None where none is known of."""

    pk: int
    remote_id: str
    asked_at: datetime
    work: Work | None = None
    error: errors.LoopsError | None = None


def pull_work(client: Client, *, poll: PollContext, known_digest: str = "") -> Callable[[], str]:
    """Ask for the metrics of a few that seem to idle, those first that waited longest. Returns what
    stores the answers."""
    answers: list[Answer] = []
    for row in select_idle(poll)[:MAX_PER_POLL]:
        answers.append(ask(client, row, now=poll.now))
        if answers[-1].error:
            break
    return partial(store_work, answers, poll=poll, known_digest=known_digest)


def select_idle(poll: PollContext) -> QuerySet[Deployment]:
    is_due = Q(ask_metrics_at=None) | Q(ask_metrics_at__lte=poll.now)
    idle = Deployment.objects.filter(
        REPORTED, is_due, last_work_at__lte=poll.now - SEEMS_IDLE_AFTER
    )
    in_turn = poll.select_expected(idle).order_by(F("ask_metrics_at").asc(nulls_first=True), "pk")
    return in_turn.only("remote_id", "last_work_at", "metrics_as_of")


def ask(client: Client, row: Deployment, *, now: datetime) -> Answer:
    """Raises what concerns more than this row: Unauthorized, RateLimited, ConnectionFailed."""
    since = row.metrics_as_of - OVERLAP if row.metrics_as_of else row.last_work_at or now
    start = max(since, now - MAX_WINDOW)
    step = max(math.ceil((now - start).total_seconds() / MAX_VALUES), SHORTEST_STEP)
    try:
        found = client.get_metrics(row.remote_id, start=start, end=now, step_seconds=step)
    except (errors.Unauthorized, errors.RateLimited, errors.ConnectionFailed):
        raise
    except errors.LoopsError as error:
        log.info("the metrics of %s could not be read: %s", row.remote_id, error)
        return Answer(row.pk, row.remote_id, now, error=error)
    work = find_last_work(list_series(found.metrics))
    return Answer(row.pk, row.remote_id, now, work)


def store_work(answers: list[Answer], *, poll: PollContext, known_digest: str) -> str:
    """With the figures that follow. Call it in a transaction."""
    if not answers:
        return known_digest
    lock_writers(poll.workspace)
    worked: list[str] = []
    for answer in answers:
        row = Deployment.objects.filter(pk=answer.pk)
        if answer.error:
            is_refusal = isinstance(answer.error, errors.NotFound | errors.Forbidden)
            refused = select_idle(poll) if is_refusal and not is_offered(poll) else row
            after = ASK_AFTER_REFUSAL if is_refusal else ASK_AFTER
            refused.update(ask_metrics_at=answer.asked_at + after)
            continue
        row.update(metrics_as_of=answer.asked_at, ask_metrics_at=answer.asked_at + ASK_AFTER)
        if answer.work:
            at = min(answer.work.at, answer.asked_at)
            sign = GPU if answer.work.is_gpu else REQUESTS
            later = row.filter(Q(worked_at=None) | Q(worked_at__lt=at))
            if later.update(worked_at=at, worked_sign=sign):
                worked.append(answer.remote_id)
    if worked:
        rows_stored.send(sender=Deployment, workspace=poll.workspace, ids=worked, rows=[])
        touch_version(poll.workspace)
    return known_digest


def is_offered(poll: PollContext) -> bool:
    """True if the API has answered with metrics of anything here before."""
    return Deployment.objects.filter(
        workspace=poll.workspace, metrics_as_of__gt=poll.now - MAX_WINDOW
    ).exists()
