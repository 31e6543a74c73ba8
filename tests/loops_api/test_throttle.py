from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api.throttle import Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_request_after_a_hundred_waits_a_second() -> None:
    throttle = Throttle(Clock())
    assert [throttle.reserve("key route", 100) for _ in range(100)] == [0.0] * 100
    assert [throttle.reserve("key route", 100) for _ in range(101)] == [1.0] * 100 + [2.0]


def test_each_name_has_its_own_limit() -> None:
    throttle = Throttle(Clock())
    for _ in range(100):
        throttle.reserve("alice GET /runs", 100)
    assert throttle.reserve("otto GET /runs", 100) == 0.0
    assert throttle.reserve("alice GET /samplers", 100) == 0.0
    assert throttle.reserve("alice GET /runs", 100) == 1.0


def test_the_limit_is_free_again_after_a_second() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(2):
        throttle.reserve("k", 2)
    clock.now = 0.75
    assert throttle.reserve("k", 2) == 0.25
    clock.now = 5.0
    assert throttle.reserve("k", 2) == 0.0


@given(pauses=st.lists(st.floats(min_value=0, max_value=0.7), max_size=60))
def test_no_second_has_more_requests_than_allowed(pauses: list[float]) -> None:
    clock = Clock()
    throttle = Throttle(clock)
    sent = []
    for pause in pauses:
        clock.now += pause
        sent.append(clock.now + throttle.reserve("k", 5))
    assert sent == sorted(sent)
    assert all(later - first > 0.999 for first, later in zip(sent, sent[5:], strict=False))


def test_unused_names_are_dropped() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for n in range(5000):
        clock.now = n / 10
        throttle.reserve(f"k{n}", 1)
    assert len(throttle._sent) <= 4096
    assert throttle.reserve("k4999", 1) == 1.0
