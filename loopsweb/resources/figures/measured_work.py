"""What metrics say of when a deployment last worked, asked where it seems to idle."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.metric_series import Work, find_last_work, list_series, tells_of_work
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.figures.work import GPU, REQUESTS
from loopsweb.resources.snapshot.models import BUSY, REPORTED, SERVING
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import lock_writers, rows_stored, touch_version

log = logging.getLogger(__name__)

SEEMS_IDLE_AFTER = timedelta(minutes=5)
ASK_AFTER = timedelta(minutes=5)
ASK_AFTER_REFUSAL = timedelta(hours=1)
MAX_PER_POLL = 4
MAX_WINDOW = timedelta(days=7)  # the API gives no more at once
OVERLAP = timedelta(minutes=10)  # with the last window: values may come late
REFUSALS = (errors.NotFound, errors.Forbidden, errors.Unauthorized)
ENDED = ((BUSY, GPU), (SERVING, REQUESTS))
SIGNS = {(True, True): BUSY, (True, False): GPU, (False, True): SERVING, (False, False): REQUESTS}
MAX_VALUES, SHORTEST_STEP = 120, timedelta(minutes=1)  # of one series


@dataclass(frozen=True)
class Answer:
    """error: why there is none, None where there is. is_known: whether it tells of work at all.
    work: the last, None where there was none."""

    pk: int
    remote_id: str
    asked_at: datetime
    is_known: bool = False
    work: Work | None = None
    error: errors.LoopsError | None = None


def pull_work(client: Client, *, poll: PollContext) -> errors.LoopsError | None:
    """Ask for the metrics of a few that seem to idle, those first that waited longest. An error is
    an answer. Returns the one after which nothing more is asked."""
    answers: list[Answer] = []
    for row in select_idle(poll)[:MAX_PER_POLL]:
        answers.append(ask(client, row, now=poll.now))
        if answers[-1].error:
            break
    if answers:
        store_work(answers, poll=poll)
    return next((one.error for one in answers if isinstance(one.error, errors.GENERAL)), None)


def select_idle(poll: PollContext) -> QuerySet[Deployment]:
    idle = filter_idle(now=poll.now, idle_at=poll.now - SEEMS_IDLE_AFTER)
    in_turn = poll.select_expected(idle).order_by(F("ask_metrics_at").asc(nulls_first=True), "pk")
    return in_turn.only("remote_id", "last_work_at", "metrics_as_of")


def filter_idle(*, now: Any, idle_at: Any) -> QuerySet[Deployment]:
    """Those to ask about `now` that seem not to have worked since `idle_at`."""
    is_due = Q(ask_metrics_at=None) | Q(ask_metrics_at__lte=now)
    worked = Q(last_work_at__isnull=False)  # lets the database expect few, whatever the time
    return Deployment.objects.filter(REPORTED, is_due, worked, last_work_at__lte=idle_at)


def ask(client: Client, row: Deployment, *, now: datetime) -> Answer:
    """Where values far apart tell of work, the time of the last is asked again, with closer ones:
    only then is it known until when it worked."""
    since = row.metrics_as_of - OVERLAP if row.metrics_as_of else row.last_work_at or now
    start = max(since, now - MAX_WINDOW)
    step = choose_step(start, now)
    answer = ask_window(client, row, start=start, end=now, step=step)
    if answer.work is None or step <= SHORTEST_STEP:
        return answer
    end = answer.work.at
    start = end - step - SHORTEST_STEP  # the values of a minute need not begin with it
    closer = ask_window(client, row, start=start, end=end, step=choose_step(start, end))
    if closer.work is None:
        return answer
    goes_on = answer.work.goes_on and closer.work.goes_on
    return replace(answer, work=closer.work._replace(goes_on=goes_on))


def choose_step(start: datetime, end: datetime) -> timedelta:
    seconds = math.ceil((end - start).total_seconds() / MAX_VALUES)
    return max(timedelta(seconds=seconds), SHORTEST_STEP)


def ask_window(
    client: Client, row: Deployment, *, start: datetime, end: datetime, step: timedelta
) -> Answer:
    seconds = int(step.total_seconds())
    try:
        found = client.get_metrics(row.remote_id, start=start, end=end, step_seconds=seconds)
    except errors.LoopsError as error:
        log.info("the metrics of %s could not be read: %s", row.remote_id, error)
        return Answer(row.pk, row.remote_id, end, error=error)
    series = list_series(found.metrics)
    work, is_known = find_last_work(series, step=step, until=end), tells_of_work(series)
    return Answer(row.pk, row.remote_id, end, is_known=is_known, work=work)


@transaction.atomic
def store_work(answers: list[Answer], *, poll: PollContext) -> None:
    """With the figures that follow."""
    lock_writers(poll.workspace)
    worked: list[str] = []
    for answer in answers:
        row = Deployment.objects.filter(pk=answer.pk)
        if answer.error:
            is_refusal = isinstance(answer.error, REFUSALS)
            is_general = isinstance(answer.error, errors.GENERAL)
            concerns_all = is_general or (is_refusal and not is_offered(poll))
            after = ASK_AFTER_REFUSAL if is_refusal else ASK_AFTER
            concerned = select_idle(poll) if concerns_all else row
            concerned.update(ask_metrics_at=answer.asked_at + after)
            continue
        row.update(ask_metrics_at=answer.asked_at + ASK_AFTER)
        if answer.is_known:
            row.update(metrics_as_of=answer.asked_at)
        if answer.is_known and store_measured(row, answer.work):
            worked.append(answer.remote_id)
    if worked:
        rows_stored.send(sender=Deployment, workspace=poll.workspace, ids=worked, rows=[])
        touch_version(poll.workspace)


def store_measured(row: QuerySet[Deployment], work: Work | None) -> bool:
    """Returns whether this was new. Work that went on when it was last read has ended if a newer
    value says so."""
    if work:
        sign = SIGNS[work.is_gpu, work.goes_on]
        other = Q(worked_at=None) | Q(worked_at__lt=work.at)
        if row.filter(other).update(worked_at=work.at, worked_sign=sign):
            return True
        if work.goes_on:
            return False
    told = [row.filter(worked_sign=now).update(worked_sign=then) for now, then in ENDED]
    return any(told)


def is_offered(poll: PollContext) -> bool:
    """True if the API has told of work by metrics of anything here before."""
    return Deployment.objects.filter(
        workspace=poll.workspace, metrics_as_of__gt=poll.now - MAX_WINDOW
    ).exists()
