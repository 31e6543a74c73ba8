"""Series are found in every shape of the API's answer, and garbage is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api.metric_series import (
    Series,
    Work,
    find_last_work,
    list_series,
    tells_of_work,
)

STEP = 3  # minutes
START = datetime(2026, 11, 23, 20, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["timestamp", "value", "0", "gpu_utilization", "per_node_metrics"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)
VALUES = st.dictionaries(
    st.integers(0, 50), st.none() | st.floats(0, 1e15, allow_nan=False), min_size=1, max_size=6
)
RANKS = st.dictionaries(st.integers(0, 7).map(str), VALUES, min_size=1, max_size=3)


def rows(values: dict[int, float | None]) -> list[dict[str, Any]]:
    return [
        {"timestamp": (START + timedelta(minutes=at)).isoformat(), "value": value}
        for at, value in values.items()
    ]


def points(values: dict[int, float | None]) -> tuple[tuple[datetime, float | None], ...]:
    return tuple((START + timedelta(minutes=at), values[at]) for at in sorted(values))


@given(
    ranks=RANKS,
    requests=VALUES,
    nodes=st.lists(RANKS, max_size=3),
    disk=VALUES,
    until=st.integers(50, 60),
)
def test_what_was_sent_is_found(
    ranks: dict[str, dict[int, float | None]],
    requests: dict[int, float | None],
    nodes: list[dict[str, dict[int, float | None]]],
    disk: dict[int, float | None],
    until: int,
) -> None:
    def by_rank(own: dict[str, dict[int, float | None]]) -> dict[str, Any]:
        return {rank: rows(values) for rank, values in own.items()}

    found = list_series(
        {
            "gpu_utilization": by_rank(ranks),
            "inference_volume": rows(requests),
            "ephemeral_storage": {"usage_bytes": rows(disk)},
            "per_node_metrics": [
                {"node_id": f"n{n}", "gpu_utilization": by_rank(own)} for n, own in enumerate(nodes)
            ],
        }
    )
    gpu = "gpu_utilization"
    assert found == (
        *(Series(metric=gpu, name=rank, points=points(v)) for rank, v in ranks.items()),
        Series(metric="inference_volume", points=points(requests)),
        Series(metric="ephemeral_storage.usage_bytes", points=points(disk)),
        *(
            Series(metric=gpu, node=f"n{n}", name=rank, points=points(v))
            for n, own in enumerate(nodes)
            for rank, v in own.items()
        ),
    )
    used = [(v, 0.02, True) for values in (ranks, *nodes) for v in values.values()]
    told = [
        (sorted((at, one) for at, one in values.items() if one is not None), least, is_gpu)
        for values, least, is_gpu in (*used, (requests, 0, False))
    ]
    times = [at for numbers, *_ in told for at, _ in numbers]
    works = set()
    for numbers, least, is_gpu in told:
        apart = min((b - a for (a, _), (b, _) in pairwise(numbers)), default=STEP)
        if busy := [at for at, one in numbers if one > least]:
            goes_on = busy[-1] == numbers[-1][0] and busy[-1] + apart >= max(times)
            works.add((min(busy[-1] + apart, until), is_gpu, goes_on))
    last = max(works, default=None)
    expected = last and Work(START + timedelta(minutes=last[0]), *last[1:])
    step, end = timedelta(minutes=STEP), START + timedelta(minutes=until)
    assert find_last_work(found, step=step, until=end) == expected
    assert tells_of_work(found) == bool(times)


@given(JSON)
def test_garbage_is_left_out(value: Any) -> None:
    for one in list_series(value):
        times = [at for at, _ in one.points]
        assert times == sorted(set(times))
        assert times


def test_rows_may_have_several_values() -> None:
    row = {"timestamp": "2026-11-23T20:00:00Z", "p50": 12.5, "p99": 40, "note": "x"}
    assert list_series({"response_time_stats": [row]}) == (
        Series(metric="response_time_stats", name="p50", points=((START, 12.5),)),
        Series(metric="response_time_stats", name="p99", points=((START, 40.0),)),
    )


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("write", [int, str, float])
def test_times_may_be_counted_since_1970(factor: int, write: Any) -> None:
    seconds = int(START.timestamp())
    at = write(seconds * factor)
    given = at if write is not float else seconds * float(factor)
    [series] = list_series({"cpu_usage": [{"timestamp": given, "value": 1}]})
    assert series.points == ((START, 1.0),)


def test_values_that_are_no_numbers_are_gaps() -> None:
    sent = [rows({0: 1.0})[0], rows({1: None})[0], rows({2: 0.0})[0] | {"value": 10**400}]
    [series] = list_series({"cpu_usage": sent})
    assert [value for _, value in series.points] == [1.0, None, None]
