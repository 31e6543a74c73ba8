"""The timeline of a workspace: a lane for each deployment, then for each sampler."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import EVER_SENT, State
from loopsweb.resources.deactivations.stops import find_stopped_with
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.history.holders import MODELS, select_live
from loopsweb.resources.history.statuses import load_histories
from loopsweb.resources.pages.past_list import NOT_A_TIME, NoMoment, parse_moment
from loopsweb.resources.pages.status_band import DAY, LENGTHS, build_span, describe_request
from loopsweb.resources.snapshot.models import GPUHolder
from loopsweb.ui.charts.bands import Band, Mark, draw_band
from loopsweb.ui.charts.scales import TimeScale

LONGEST = timedelta(days=92)
LANES = 50  # of a page
MAX_REQUESTS = 2_000  # that are looked through for marks
WHOLES = {"sampler": ("deployment", "run")}  # that a part ends with
ORDERS = {
    "newest": (F("created_at").desc(nulls_last=True), "-pk"),
    "cost": (F("usd_per_hour").desc(nulls_last=True), "-pk"),
}
BACKWARDS = "The first time must be before the second one."
TOO_LONG = "At most 92 days are shown at once."


@dataclass(frozen=True)
class Lane:
    row: GPUHolder
    slug: str
    band: Band
    acts: list[Mark]


def parse_scale(params: Mapping[str, Any], *, now: datetime) -> tuple[str, TimeScale]:
    """The name of the span, "" for one between two times, and the scale. Raises NoMoment."""
    if params.get("from") or params.get("to"):
        end = parse_moment(params["to"], now=now) if params.get("to") else now
        start = parse_moment(params["from"], now=now) if params.get("from") else day_before(end)
        if start >= end:
            raise NoMoment(BACKWARDS)
        if end - start > LONGEST:
            raise NoMoment(TOO_LONG)
        return "", TimeScale(start, end)
    name = str(params.get("span")) if params.get("span") in LENGTHS else DAY
    return name, TimeScale(now - LENGTHS[name], now)


def day_before(end: datetime) -> datetime:
    """Raises NoMoment."""
    try:
        return end - LENGTHS[DAY]
    except OverflowError as error:
        raise NoMoment(NOT_A_TIME) from error


def count_lanes(workspace: Workspace, scale: TimeScale) -> list[int]:
    """Of each of MODELS."""
    return [
        select_live(workspace, model, start=scale.start, end=scale.end).count() for model in MODELS
    ]


def load_lanes(
    workspace: Workspace,
    scale: TimeScale,
    *,
    skip: int,
    order: str,
    counts: list[int],
    now: datetime,
) -> list[Lane]:
    """The LANES after the first `skip`, in the same number of queries whatever they are."""
    lanes: list[Lane] = []
    for model, count in zip(MODELS, counts, strict=True):
        wanted = LANES - len(lanes)
        if skip < count and wanted:
            rows = select_live(workspace, model, start=scale.start, end=scale.end)
            ordered = rows.select_related("workspace").order_by(*ORDERS[order])
            lanes += build_lanes(list(ordered[skip : skip + wanted]), scale, now=now)
        skip = max(0, skip - count)
    return lanes


def find_requests(rows: list[GPUHolder], scale: TimeScale) -> dict[str, list[Deactivation]]:
    """{remote id: those that were sent to end it, or what it ended with}. A request for a whole has
    it that its parts end too, and it was confirmed; of a deployment the audit trail has it."""
    workspace, noun, ids = rows[0].workspace, rows[0].noun, {row.remote_id for row in rows}
    with_run = find_stopped_with(workspace, ids) if noun == Deployment.noun else {}
    sent = Deactivation.objects.filter(
        workspace=workspace, state__in=EVER_SENT, sent_at__range=(scale.start, scale.end)
    )
    own = Q(noun=noun, target_remote_id__in=ids)
    whole = Q(noun__in=WHOLES.get(noun, ()), state=State.CONFIRMED)
    found = defaultdict[str, list[Deactivation]](list)
    newest = (
        sent.filter(own | whole | Q(incident__in=with_run))
        .select_related("workspace")
        .order_by("-pk")
    )
    for one in reversed(newest[:MAX_REQUESTS]):
        parts = one.foreseen.get(f"{noun}s", ())
        if one.noun == noun:
            parts = [one.target_remote_id]
        elif one.incident in with_run:
            parts = with_run[one.incident]
        for part in ids.intersection(parts):
            found[part].append(one)
    return found


def build_lanes(rows: list[GPUHolder], scale: TimeScale, *, now: datetime) -> list[Lane]:
    """rows: of one noun."""
    histories = load_histories(rows, since=scale.start, now=now)
    requests = find_requests(rows, scale)
    lanes = []
    for row in rows:
        acts = [describe_request(one, row) for one in requests[row.remote_id]]
        stretches = histories[row.remote_id].stretches(scale.start, scale.end)
        band = draw_band(
            [build_span(one, row.vocabulary) for one in stretches],
            name=f"{row.noun}-{row.pk}",
            title=f"{row.noun.capitalize()} {row.remote_id}",
            scale=scale,
            marks=acts,
        )
        lanes.append(Lane(row, f"{row.noun}s", band, acts))
    return lanes
