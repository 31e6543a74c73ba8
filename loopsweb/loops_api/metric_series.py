"""The series in the API's answer about metrics, whatever it calls them, and what they say of work.

Its shapes: `{metric: [{timestamp, value}]}`; `{metric: {rank: […]}}`; `{metric: {part: […]}}`;
several values in a row, as in `{timestamp, p50, p95}`; and `per_node_metrics`, a list of such
objects with `node_id`. What is none of these is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any, NamedTuple

import msgspec

from loopsweb.loops_api.field_parsers import parse_epoch_nanoseconds, parse_text, parse_timestamp

NODES = "per_node_metrics"
GPU_UTILIZATION = "gpu_utilization"
REQUESTS = frozenset({"inference_volume", "concurrent_requests"})
LEAST_UTILIZATION = 0.02  # of a GPU that works
MAX_SERIES = 4_000
DIGITS_OF_NANOSECONDS = 19
MAX_NAME = 100
Point = tuple[datetime, float | None]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """metric: as the API names it, a part of it after a dot. node: "" for the whole deployment.
    name: the rank of a GPU, or what one of several values is called; "" for the only one.
    points: in order of time, at most one for each; None is a value that is not a number."""

    metric: str
    node: str = ""
    name: str = ""
    points: tuple[Point, ...] = ()


class Work(NamedTuple):
    """A sign of it: a GPU that worked, else a request that was served. at: until then. goes_on: no
    newer value says that it ended."""

    at: datetime
    is_gpu: bool
    goes_on: bool


def list_series(metrics: Any) -> tuple[Series, ...]:
    """Those with at least one point."""
    return tuple(islice(generate_series(metrics, node=""), MAX_SERIES))


def generate_series(metrics: Any, *, node: str) -> Iterator[Series]:
    for given, value in metrics.items() if isinstance(metrics, dict) else ():
        metric = given[:MAX_NAME]
        if metric == NODES and not node:
            for number, one in enumerate(value if isinstance(value, list) else ()):
                if isinstance(one, dict):
                    name = parse_text(one.get("node_id")) or f"node {number}"
                    yield from generate_series(one, node=name[:MAX_NAME])
        elif isinstance(value, list):
            yield from parse_rows(value, metric=metric, node=node)
        elif isinstance(value, dict):
            for part, rows in value.items():
                is_rank = part.isdecimal()
                inner = metric if is_rank else f"{metric}.{part[:MAX_NAME]}"
                name = part[:MAX_NAME] if is_rank else ""
                yield from parse_rows(rows, metric=inner, node=node, name=name)


def parse_rows(rows: Any, *, metric: str, node: str, name: str = "") -> Iterator[Series]:
    """One series of `value`, and one of each other number in the rows."""
    columns: dict[str, dict[datetime, float | None]] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or (at := parse_time(row.get("timestamp"))) is None:
            continue
        for key, value in row.items():
            if key != "timestamp" and (value is None or is_number(value)):
                columns.setdefault(key[:MAX_NAME], {})[at] = parse_value(value)
    for key, points in columns.items():
        own = name if key == "value" else " ".join(filter(None, (name, key)))
        yield Series(metric=metric, node=node, name=own, points=tuple(sorted(points.items())))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def parse_value(value: float | None) -> float | None:
    try:
        number = math.nan if value is None else float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def parse_time(value: Any) -> datetime | None:
    """ISO 8601, or seconds, milliseconds, microseconds or nanoseconds since 1970."""
    if isinstance(value, str) and not value.isdecimal():
        return parse_timestamp(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    digits = str(value)[:DIGITS_OF_NANOSECONDS]
    if not digits.isdecimal():
        return None
    unit = next((power for power in (18, 15, 12, 9) if len(digits) > power), 9)
    return parse_epoch_nanoseconds(int(digits) * 10 ** (18 - unit))


def find_last_work(series: Iterable[Series], *, step: timedelta, until: datetime) -> Work | None:
    """The newest time until which a GPU worked or a request was served; None if none is known. A
    value holds as long as the values of its series are apart, or for `step`, and at most `until`
    the answer."""
    told = [(one, points) for one in series if (points := list_numbers(one))]
    newest = max((points[-1][0] for _, points in told), default=until)
    found: list[Work] = []
    for one, points in told:
        is_gpu = one.metric == GPU_UTILIZATION
        least = LEAST_UTILIZATION if is_gpu else 0
        last = next((at for at, value in reversed(points) if value > least), None)
        if last is not None:
            end = last + min((b - a for (a, _), (b, _) in pairwise(points)), default=step)
            goes_on = last == points[-1][0] and end >= newest
            found.append(Work(min(end, until), is_gpu, goes_on))
    return max(found, default=None)


def tells_of_work(series: Iterable[Series]) -> bool:
    """True if a number says whether a GPU worked or a request was served."""
    return any(list_numbers(one) for one in series)


def list_numbers(series: Series) -> list[tuple[datetime, float]]:
    """The times and values that tell of work."""
    if series.metric != GPU_UTILIZATION and series.metric not in REQUESTS:
        return []
    return [(at, value) for at, value in series.points if value is not None]
