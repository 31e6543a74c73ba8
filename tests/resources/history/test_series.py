"""GPUs and cost over time equal the plain sum at each moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.history.holders import MODELS, Holder, list_rows, select_live
from loopsweb.resources.history.observation import load_observation
from loopsweb.resources.history.series import (
    Series,
    Step,
    compute_series,
    estimate_cost,
    load_series,
)
from loopsweb.resources.history.statuses import History, Knowledge, load_histories
from loopsweb.resources.models import (
    Deployment,
    ObservedPeriod,
    Sampler,
    StatusChange,
    UnknownPeriod,
)
from loopsweb.resources.snapshot.poll_state import PollState
from tests.personas import add_key
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
    known = [now for now in (value(series, hour) for hour in moments) if now[1] is not None]
    estimate = estimate_cost(series)
    assert round(estimate.usd, 9) == sum((usd for _, usd, _ in known if usd), Decimal(0))
    assert estimate.observed == timedelta(hours=len(known))
    unpriced = any(unknown for *_, unknown in known)
    assert estimate.is_partial == (unpriced or series.unseen > 0)
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


def feed_of(acme: Workspace, key: Key, feed: str, *hours: tuple[float, float]) -> None:
    for since, until in hours:
        ObservedPeriod.objects.create(
            workspace=acme, feed=feed, key=key, since=at(since), until=at(until)
        )


def test_a_moment_is_known_only_if_all_that_holds_gpus_was_asked_for(
    acme: Workspace, key: Key
) -> None:
    add_row(Deployment, acme, "d", status="RUNNING", source_key=key, first_seen_at=at(0))
    feed_of(acme, key, "deployments", (0, 4), (5, 8))
    feed_of(acme, key, "samplers", (1, 6))
    series = load_series(acme, start=at(0), end=at(8), now=at(8))
    assert [(one.start, one.gpus) for one in series.steps] == [
        (at(0), None),
        (at(1), 0),
        (at(4), None),
        (at(5), 0),
        (at(6), None),
    ]


def test_a_list_that_the_server_does_not_offer_need_not_be_observed(
    acme: Workspace, key: Key
) -> None:
    feeds = {"samplers": {"error": "It does not have them."}}
    PollState.objects.filter(key=key).update(feeds=feeds)
    feed_of(acme, key, "deployments", (0, 4))
    series = load_series(acme, start=at(0), end=at(8), now=at(8))
    assert [one.gpus for one in series.steps] == [0, None]
    PollState.objects.update(feeds={"samplers": {"error": "x", "failing_since": at(0).isoformat()}})
    series = load_series(acme, start=at(0), end=at(8), now=at(8))
    assert [one.gpus for one in series.steps] == [None]


def add_all_kinds(acme: Workspace, keys: list[Key | None]) -> None:
    """Deployments and samplers of every kind: some rest, some change, some are listed without a
    status or not at all, some begin later."""
    kinds = product(
        ("RUNNING", "STOPPED", ""), keys, (None, at(-3), at(7)), (at(-5), at(2)), ("", "RUNNING")
    )
    for number, (word, key, unknown_since, first_seen_at, old) in enumerate(kinds):
        model = Sampler if number % 4 == 0 else Deployment
        status = "ACTIVE" if model is Sampler and word == "RUNNING" else word
        machines = {"instance_id": f"i{number % 3}", "gpu_count": (8, 2, None)[number % 3]}
        add_row(
            model, acme, f"r{number}", status=status, source_key=key, unknown_since=unknown_since,
            first_seen_at=first_seen_at, node_count=(1, None, 2)[number % 3], **machines,
        )  # fmt: skip
        row = {"workspace": acme, "noun": model.noun, "remote_id": f"r{number}"}
        if number % 5 == 0:
            UnknownPeriod.objects.create(**row, since=at(3), until=at(4))
        if old and number % 2:
            seen = at(4 + number % 3)
            StatusChange.objects.create(
                **row, field="status", old=old, new=status, first_seen_new_at=seen
            )


def test_what_the_database_counts_equals_what_each_row_adds(acme: Workspace, key: Key) -> None:
    Catalogue.objects.create(workspace=acme, prices={"i0": "0.5", "i1": "1"}, as_of=START)
    other = add_key(key.owner, workspace=acme, secret="demo-own-key", now=START)
    add_all_kinds(acme, [key, other, None])
    for feed in ("deployments", "samplers"):
        feed_of(acme, key, feed, (-2, 3), (5, 12))
        feed_of(acme, other, feed, (-1, 6), (8, 10))
    for start, end in ((at(0), at(12)), (at(1), at(5)), (at(11), at(12))):
        plain = []
        for model in MODELS:
            rows = list(select_live(acme, model, start=start, end=end))
            histories = load_histories(rows, since=start, now=end, workspace=acme)
            for row in rows:
                price = acme.catalogue.price(row.instance_id, row.node_count).usd
                without = row.vocabulary.without_gpus
                machines = row.gpus_of_machines
                plain.append(Holder(histories[row.remote_id], machines, price, without))
        observed = load_observation(acme, "samplers", since=start, now=end).of_any
        assert load_series(acme, start=start, end=end, now=end) == compute_series(
            plain, observed, start, end
        )


def test_only_what_changed_is_loaded_under_the_same_queries(acme: Workspace, key: Key) -> None:
    counts = []
    for number in (1, 30):
        for n in range(number):
            rest = {"status": "RUNNING", "source_key": key, "first_seen_at": at(-9)}
            add_row(Deployment, acme, f"d{number}-{n}", gpu_count=8, **rest)
            add_row(Deployment, acme, f"z{number}-{n}", **rest | {"status": "SCALED_TO_ZERO"})
        live = select_live(acme, Deployment, start=at(0), end=at(1))
        of_noun = {"workspace": acme, "noun": "deployment"}
        rows = list(list_rows(live, of_noun, start=at(0)))
        assert [row[-1] for row in rows] == [number if number == 1 else 31]
        with CaptureQueriesContext(connection) as queries:
            load_series(acme, start=at(0), end=at(1), now=at(1))
        counts.append(len(queries))
        assert not any('"raw"' in query["sql"] for query in queries)
    assert counts[0] == counts[1] <= 14
