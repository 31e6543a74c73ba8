"""A large response takes a bounded amount of memory, whatever is in it."""

from __future__ import annotations

import gc
import multiprocessing
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec
import pytest

from loopsweb.loops_api import decoding, errors, parsers
from loopsweb.loops_api.api_key import ApiKey
from loopsweb.loops_api.lazy_list import LazyList
from loopsweb.loops_api.request_limits import Limits
from loopsweb.simulator import Simulator
from loopsweb.simulator.current_serializer import serialize_checkpoint, serialize_run

MEGABYTE = 1024 * 1024
TINY = [b"{}", b"[]", b"0", b'""', b'{"a":0}', b'{"id":"r"}', b'{"a":' * 60 + b"0" + b"}" * 60]
WIDE = '"' + "a" * 999 + "\N{GRINNING FACE}" + '"'
SHAPES = [*TINY, b"[" * 60 + b"]" * 60, b'"ab cd ef"', b"1.5", b"[0]", WIDE.encode()]


def fill_list(element: bytes, size: int) -> bytes:
    """A body of about `size` bytes with a list of runs."""
    count = size // (len(element) + 1)
    return b'{"runs":[' + (element + b",") * (count - 1) + element + b"]}"


def trace_peak(act: Callable[..., Any], *given: Any) -> int:
    """The most bytes that `act(*given)` and its result hold at once."""
    act(*given)  # what is kept for good, such as compiled decoders, is not counted
    gc.collect()
    tracemalloc.start()
    kept = act(*given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return peak


@pytest.fixture(scope="module")
def measure_peak() -> Iterator[Callable[..., int]]:
    """`trace_peak` in a process of its own: threads of other tests would hold memory too."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield lambda act, *given: process.submit(trace_peak, act, *given).result()


def parse_list(body: bytes, parse: Callable[[Any], Any] = parsers.parse_run) -> LazyList[Any]:
    listed = LazyList(body, "runs", parse)
    len(listed)
    return listed


def refuse(decode: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(errors.ResponseTooLarge, match="too many small values"):
        decode(body)


def search_for_key(body: bytes) -> None:
    assert ApiKey("Kanary12.s3cretpartofthekey").appears_in(body) is False


def test_a_list_of_tiny_elements_is_not_decoded(measure_peak: Callable[..., int]) -> None:
    body = fill_list(b"{}", 12 * MEGABYTE)
    for decode in (parse_list, decoding.decode_envelope):
        assert measure_peak(refuse, decode, body) <= 2 * len(body)


@pytest.mark.parametrize("element", TINY, ids=lambda element: element[:12].decode())
def test_tiny_elements_are_too_many_anywhere(element: bytes) -> None:
    body = fill_list(element, MEGABYTE)
    nested = b'{"runs":[{"id":"r","sampler":' + body + b"}]}"
    keys = b"{" + b'"a":0,' * (MEGABYTE // 6) + b'"b":0}'
    for large in (body, nested, keys):
        scaled = decoding.estimate_memory(large) * Limits().max_response_bytes // MEGABYTE
        assert scaled > decoding.MAX_MEMORY


@pytest.mark.parametrize("element", SHAPES, ids=lambda element: element[:12].decode())
def test_no_list_takes_more_than_estimated(
    element: bytes, measure_peak: Callable[..., int]
) -> None:
    body = fill_list(element, MEGABYTE // 32)
    estimated = decoding.estimate_memory(body)
    assert estimated <= len(body) * decoding.MOST_PER_BYTE
    for decode in (parse_list, decoding.decode_envelope):
        assert measure_peak(decode, body) <= estimated + 50_000


def test_the_search_for_the_key_takes_as_much_as_the_body(
    measure_peak: Callable[..., int],
) -> None:
    body = fill_list(b'"\\u0061b"', MEGABYTE // 8)
    assert measure_peak(search_for_key, body) <= 3 * len(body)


def test_a_full_list_of_real_resources_is_read(measure_peak: Callable[..., int]) -> None:
    world = Simulator().world
    run = serialize_run(next(iter(world.runs.values())))
    checkpoint = serialize_checkpoint(next(iter(world.checkpoints.values())))
    for row, parse in ((run, parsers.parse_run), (checkpoint, parsers.parse_checkpoint)):
        body = fill_list(msgspec.json.encode(row), MEGABYTE // 4)
        estimated = decoding.estimate_memory(body)
        assert estimated * Limits().max_response_bytes < decoding.MAX_MEMORY * len(body)
        assert estimated / 3 < measure_peak(parse_list, body, parse) <= estimated
