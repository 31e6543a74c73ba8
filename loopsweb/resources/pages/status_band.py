"""The status of one thing over time, on its page, with its checkpoints and who stopped it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import EVER_SENT, STATES, State
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.history.durations import Lasting, measure_status
from loopsweb.resources.history.statuses import History, Knowledge, Stretch, load_histories
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import GPUHolder, Snapshot
from loopsweb.retention import find_cutoff
from loopsweb.ui.charts.bands import Band, Look, Mark, Span, draw_band
from loopsweb.ui.charts.scales import TimeScale
from loopsweb.ui.statuses import Vocabulary

DAY, WEEK, LIFE = "day", "week", "life"
LENGTHS = {DAY: timedelta(days=1), WEEK: timedelta(days=7)}
LABELS = {DAY: "24 hours", WEEK: "7 days", LIFE: "All of it"}
LOOKS: dict[Knowledge, tuple[Look, int]] = {
    Knowledge.NOT_OBSERVED: ("gap", 1),
    Knowledge.NOT_GIVEN: ("gap", 2),
    Knowledge.NOT_THERE: ("none", 1),
}
MAX_TICKS = 5_000
SHORTEST = timedelta(minutes=1)
MARGIN = 20  # of its length: so much of what ended is shown after its end
REDRAWN_AFTER = 300  # seconds


@dataclass(frozen=True)
class StatusBand:
    """choices: {name in the URL: label}. is_cut: there are more checkpoints than ticks.
    lasting: how long it is in a status that should pass."""

    band: Band
    chosen: str
    is_cut: bool
    lasting: Lasting | None = None
    choices = LABELS


def draw_status_band(
    row: Snapshot, *, chosen: str, requests: Collection[Deactivation], now: datetime
) -> StatusBand | None:
    """chosen: of LABELS, anything else for the one that fits. requests: to end it, or to end it
    together with something else. None for what has no statuses."""
    vocabulary = row.vocabulary
    if vocabulary is None:
        return None
    since = find_cutoff(now) or datetime.min.replace(tzinfo=now.tzinfo)
    history = load_histories([row], since=since, now=now)[row.remote_id]
    begun_at = min(history.created_at or history.first_seen_at, history.first_seen_at)
    is_over = history.status not in vocabulary.passing and (
        row.is_terminal or isinstance(row, Checkpoint)
    )
    if chosen not in LABELS:
        chosen = LIFE if is_over or begun_at > now - LENGTHS[DAY] else DAY
    scale = TimeScale(now - LENGTHS.get(chosen, timedelta()), now)
    if chosen == LIFE:
        scale = fit_scale(history, max(since, begun_at), is_over=is_over, now=now)
    ticks = list(find_checkpoint_times(row, scale))
    sent = [one for one in requests if one.sent_at and one.state in EVER_SENT]
    acts = [describe_request(one, row) for one in sorted(sent, key=lambda one: one.pk)]
    stretches = history.stretches(scale.start, min(scale.end, now))
    band = draw_band(
        [build_span(one, vocabulary) for one in stretches],
        name="statuses",
        title=f"Status of {row.remote_id}",
        scale=scale,
        marks=[*(Mark(at, "Checkpoint") for at in ticks), *acts],
    )
    lasting = None
    if isinstance(row, GPUHolder) and row.is_reported and row.status in row.vocabulary.passing:
        lasting = measure_status(row, now=now)
    return StatusBand(band, chosen, is_cut=len(ticks) == MAX_TICKS, lasting=lasting)


def fit_scale(history: History, start: datetime, *, is_over: bool, now: datetime) -> TimeScale:
    """All of its time, and a little of what followed its last change if that was its end."""
    end = now
    if is_over:
        ended_at = history.changes[-1][0] if history.changes else history.first_seen_at
        end = min(now, ended_at + max((ended_at - start) / MARGIN, SHORTEST))
    return TimeScale(min(start, end - SHORTEST), end)


def build_span(stretch: Stretch, vocabulary: Vocabulary) -> Span:
    start, end, knowledge = stretch.start, stretch.end, stretch.knowledge
    if knowledge is Knowledge.KNOWN:
        status = vocabulary.get(stretch.status)
        label = status.label or status.word
        return Span(start, end, label, status.tone, variant=status.variant)
    last_seen = f"last seen {stretch.status}" if stretch.status else ""
    look, variant = LOOKS[knowledge]
    return Span(start, end, knowledge.value, look, last_seen, variant)


def find_checkpoint_times(row: Snapshot, scale: TimeScale) -> Iterator[datetime]:
    """When the checkpoints of a run, or of a deployment's runs, were made: the newest of them."""
    if isinstance(row, Run):
        runs = Q(run_remote_id=row.remote_id)
    elif isinstance(row, Deployment):
        named = {row.active_run_remote_id, row.latest_run_remote_id} - {""}
        its = Run.objects.in_workspace(row.workspace).filter(deployment_remote_id=row.remote_id)
        runs = Q(run_remote_id__in=[*named, *its.values_list("remote_id", flat=True)[:100]])
    else:
        return
    made = Checkpoint.objects.in_workspace(row.workspace).filter(
        runs, created_at__range=(scale.start, scale.end)
    )
    times = made.order_by("-created_at").values_list("created_at", flat=True)
    yield from filter(None, times[:MAX_TICKS])


def describe_request(one: Deactivation, row: Snapshot) -> Mark:
    """Says how a request that was sent went, as far as it is known."""
    spec = STATES[State(one.state)]
    what = "it" if one.target_remote_id == row.remote_id else f"{one.noun} {one.target_remote_id}"
    label = f"{one.person or 'Somebody'} {spec.verb} {what}"
    if one.state != State.CONFIRMED:
        label = f"{label}: {spec.label[0].lower()}{spec.label[1:]}"
    return Mark(one.sent_at or one.requested_at, label, "act", one.get_absolute_url())
