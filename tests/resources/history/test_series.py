"""GPUs and cost over time equal the plain sum at each moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.history.series import Holder, Series, Step, compute_series, load_series
from loopsweb.resources.history.statuses import History, Knowledge
from loopsweb.resources.models import Deployment, ObservedPeriod, Sampler, StatusChange
from tests.resources.rows import add_row

START = datetime(2026, 11, 24, tzinfo=UTC)
HOURS = 24
NO_GPUS = frozenset({"SCALED_TO_ZERO", "STOPPED"})
words = st.sampled_from(["RUNNING", "SCALED_TO_ZERO", "STOPPED", ""])
hours = st.integers(-3, HOURS + 3)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


@st.composite
def intervals(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    edges = sorted(draw(st.sets(hours, max_size=6)))
    return [(at(a), at(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@st.composite
def holders(draw: st.DrawFn) -> Holder:
    changed = sorted(draw(st.sets(hours, max_size=4)))
    return Holder(
        history=History(
            first_seen_at=at(draw(st.integers(-9, HOURS))),
            created_at=None,
            status=draw(words),
            terminal={"STOPPED"},
            changes=[(at(hour), draw(words)) for hour in changed],
            observed=draw(intervals()),
            unknown=draw(intervals()),
        ),
        gpus=draw(st.sampled_from([8, 16, None])),
        usd=draw(st.sampled_from([Decimal(20), None])),
        without_gpus=NO_GPUS,
    )


def held(holder: Holder, hour: float) -> Knowledge | None:
    """How it is known to have held GPUs; None if it held none."""
    status, knowledge = holder.history.at(at(hour))
    return knowledge if status and status not in NO_GPUS else None


def value(series: Series, hour: float) -> tuple[int | None, Decimal | None, int]:
    *_, step = [one for one in series.steps if one.start <= at(hour)]
    return step.gpus, step.usd, step.unknown


@settings(max_examples=40)
@given(st.lists(holders(), max_size=4), intervals())
def test_each_moment_is_the_sum_of_what_was_held_then(
    every: list[Holder], observed: list[tuple[datetime, datetime]]
) -> None:
    moments = [hour + 0.5 for hour in range(HOURS)]
    series = compute_series(every, observed, at(0), at(HOURS))
    gap = Knowledge.NOT_OBSERVED
    ever = [{held(one, hour) for hour in moments} - {None} for one in every]
    seen = [one for one, known in zip(every, ever, strict=True) if known != {gap}]
    assert series.unseen == len(every) - len(seen)
    for hour in moments:
        sure = [one for one in seen if held(one, hour) is Knowledge.KNOWN]
        is_answered = any(since <= at(hour) < until for since, until in observed)
        if not is_answered or any(held(one, hour) is gap for one in seen):
            assert value(series, hour) == (None, None, 0)
        else:
            gpus = sum(one.gpus or 0 for one in sure)
            usd = sum((one.usd or Decimal(0) for one in sure), Decimal(0))
            unknown = sum(None in (one.gpus, one.usd) for one in sure)
            assert value(series, hour) == (gpus, usd, unknown)


def test_trainers_and_samplers_count_at_the_price_of_today(acme: Workspace, key: Key) -> None:
    Catalogue.objects.create(workspace=acme, prices={"h": "0.5"}, as_of=START)
    common = {"first_seen_at": at(0), "source_key": key, "instance_id": "h", "gpu_count": 8}
    add_row(Deployment, acme, "d", status="STOPPED", node_count=2, **common)
    add_row(Sampler, acme, "s", status="ACTIVE", **common)
    add_row(Deployment, acme, "long gone", status="STOPPED", **common)
    StatusChange.objects.create(
        workspace=acme, noun="deployment", remote_id="d", field="status", old="RUNNING",
        new="STOPPED", last_seen_old_at=at(3), first_seen_new_at=at(4),
    )  # fmt: skip
    for feed in ("deployments", "samplers"):
        ObservedPeriod.objects.create(workspace=acme, feed=feed, key=key, since=at(0), until=at(6))
    series = load_series(acme, start=at(-1), end=at(8), now=at(8))
    assert series.steps == [
        Step(at(-1), None, None),
        Step(at(0), 24, Decimal(90)),
        Step(at(4), 8, Decimal(30)),
        Step(at(6), None, None),
    ]
