"""The overview as of a moment of the past, as far as it was observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.db.models import Count, F
from django.http import HttpResponse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.history.moments import select_moment
from loopsweb.resources.history.observation import load_observation
from loopsweb.resources.history.series import load_series
from loopsweb.resources.nouns import BY_SINGULAR, EVERY_NOUN, Noun
from loopsweb.resources.pages.past_list import Moment, NoMoment, build_lines, parse_moment
from loopsweb.ui.pages import render_page
from loopsweb.ui.statuses import Vocabulary
from loopsweb.ui.timestamps import format_utc

ROWS_SHOWN = 50
TEMPLATE = "dashboard/past_overview.html"


@dataclass(frozen=True)
class StatusCount:
    """unknown: of how many of them it was not observed that they still had the status."""

    noun: Noun
    vocabulary: Vocabulary | None
    status: str
    number: int
    unknown: int


def show_past_overview(request: WorkspaceRequest, *, now: datetime) -> HttpResponse:
    """At the time `at` of the URL; 400 where that is none."""
    given = request.GET["at"][:100]
    try:
        at = parse_moment(request.GET["at"], now=now)
    except NoMoment as error:
        refused = {"given": given, "problem": str(error), "is_past": True}
        return render_page(request, TEMPLATE, refused, status=HTTPStatus.BAD_REQUEST)
    workspace = request.workspace
    moment = Moment.load(BY_SINGULAR["deployment"], request, at, now)
    series = load_series(workspace, start=at, end=at + timedelta(seconds=1), now=now)
    selected: Any = select_moment(workspace, Deployment, at=at, observation=moment.observation)
    holding = selected.exclude(status_then__in=Deployment.vocabulary.without_gpus).order_by(
        F("gpu_count").desc(nulls_last=True), "-pk"
    )
    context = {
        "is_past": True,
        "at": format_utc(at),
        "moment": moment,
        "total": series.steps[-1],
        "counts": list(count_statuses(request, at, now)) if moment.is_kept else [],
        "lines": list(build_lines(request, holding[:ROWS_SHOWN], at)) if moment.is_kept else [],
        "vocabulary": Deployment.vocabulary,
    }
    return render_page(request, TEMPLATE, context)


def count_statuses(request: WorkspaceRequest, at: datetime, now: datetime) -> Iterator[StatusCount]:
    """Of everything that has statuses and had been seen by then, in three queries a noun."""
    for noun in EVERY_NOUN:
        if noun.vocabulary is None or noun.ending is None:
            continue
        seen = load_observation(request.workspace, noun.feed, since=at, now=now)
        moment: Any = select_moment(request.workspace, noun.model, at=at, observation=seen)
        groups = moment.order_by().values("status_then", "is_known_then").annotate(n=Count("pk"))
        counts: dict[str, list[int]] = {}
        for group in groups:
            count = counts.setdefault(group["status_then"], [0, 0])
            count[0] += group["n"]
            count[1] += 0 if group["is_known_then"] else group["n"]
        for status, (number, unknown) in sorted(counts.items()):
            yield StatusCount(noun, noun.vocabulary, status, number, unknown)
