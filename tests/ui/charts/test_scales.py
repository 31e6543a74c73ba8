from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.ui.charts.scales import MAX_TIME_TICKS, MAX_VALUE_TICKS, TimeScale, ValueScale

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
since_noon = st.timedeltas(timedelta(days=-9_000), timedelta(days=9_000))
lengths = st.timedeltas(timedelta(seconds=1), timedelta(days=36_000))


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (timedelta(hours=24), "12:00 16:00 20:00 25 Nov 04:00 08:00 12:00"),
        (timedelta(days=7), "25 Nov,26 Nov,27 Nov,28 Nov,29 Nov,30 Nov,1 Dec"),
        (timedelta(days=30), "30 Nov,7 Dec,14 Dec,21 Dec"),
        (timedelta(days=200), "Dec 2026,Jan 2027,Feb 2027,Mar 2027,Apr 2027,May 2027,Jun 2027"),
        (timedelta(minutes=3), "12:00:00 12:00:30 12:01:00 12:01:30 12:02:00 12:02:30 12:03:00"),
    ],
)
def test_ticks_are_at_round_times(length: timedelta, labels: str) -> None:
    scale = TimeScale(NOON, NOON + length)
    shown = " ".join(tick.label for tick in scale.ticks())
    assert shown == labels.replace(",", " ")


@given(since_noon, lengths)
def test_ticks_are_few_and_inside_and_in_order(since: timedelta, length: timedelta) -> None:
    scale = TimeScale(NOON + since, NOON + since + length)
    ticks = scale.ticks()
    found = [tick.time for tick in ticks if tick.time]
    assert len(ticks) <= MAX_TIME_TICKS + 1
    assert found == sorted(set(found))
    assert all(scale.start <= time <= scale.end for time in found)
    assert [tick.at for tick in ticks] == [scale.place(time) for time in found]


@given(st.floats(0, 1e15))
def test_values_have_few_round_ticks_up_to_above_the_highest(highest: float) -> None:
    scale = ValueScale.reaching(highest, height=100)
    values = scale.values()
    assert values[0] == 0
    assert values[-1] >= highest * (1 - 1e-9)
    assert 2 <= len(values) <= MAX_VALUE_TICKS + 2
    assert (scale.place(values[-1]), scale.place(0)) == (0, 100)


def test_times_outside_are_at_the_edges() -> None:
    scale = TimeScale(NOON, NOON + timedelta(hours=1))
    hours = [scale.place(NOON + timedelta(hours=n)) for n in (-1, 0, 0.25, 1, 9)]
    assert hours == [0, 0, 25, 100, 100]
