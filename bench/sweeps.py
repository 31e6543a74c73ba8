"""Polling with many keys once, by worker processes, beside plain httpx with the same requests."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import httpx
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bench import usage
from bench.figures import Besides, Figure
from bench.keys import LATER, add_key
from bench.plain_fetch import fetch_plainly
from bench.services import start_workers
from bench.sizes import Sizes
from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Deployment
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.worker.process import POLL_THREADS

SELDOM = {"LOOPSWEB_POLL_BUSY_SECONDS": "3600", "LOOPSWEB_POLL_QUIET_SECONDS": "86400"}
MAX_SETTLING_SWEEPS = 5
LONGEST = 900.0  # seconds a sweep
ROUNDS = 2


@dataclass(frozen=True)
class Sweep:
    """Seconds; cpu: of workers, PostgreSQL and Redis. busy: cores that were busy on the machine.
    changed: workspaces in which something changed."""

    wall: float
    cpu: float
    busy: float
    changed: int
    requests: list[tuple[str, str]]


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    with transaction.atomic():
        for number in range(1, sizes.keys + 1):
            add_key(number, api=api)
    name = f"sweep of {sizes.keys:,} keys"
    often = {"LOOPSWEB_POLL_TICK_SECONDS": str(sizes.tick_seconds)}
    start = partial(start_workers, SELDOM | often)
    with ExitStack() as stack:
        pids = [stack.enter_context(start()).popen.pid]
        settle(pids, api=api)
        rounds = [sweep(pids, api=api) for _ in range(min(ROUNDS, sizes.rounds))]
        unchanged = min(rounds, key=lambda one: one.cpu)
        yield compare(f"{name}, nothing changed", unchanged, api=api, bound=2.0)
        httpx.post(f"{api}/_bench/change")
        changed = sweep(pids, api=api)
        yield compare(f"{name}, {changed.changed:,} changed", changed, api=api, bound=3.0)
        if not usage.list_servers():
            return
        settle(pids, api=api)
        one = min((sweep(pids, api=api) for _ in rounds), key=lambda each: each.wall)
        pids.append(stack.enter_context(start()).popen.pid)
        settle(pids, api=api)
        two = min((sweep(pids, api=api) for _ in rounds), key=lambda each: each.wall)
    besides: Besides = {
        "busy with one": (one.busy, None, "cores"),
        "with two": (two.busy, None, "cores"),
        "CPU a key with one": (one.cpu / sizes.keys * 1000, None, "ms"),
        "CPU a key with two": (two.cpu / sizes.keys * 1000, None, "ms"),
    }
    yield Figure(
        f"{name}: keys/s of two worker processes ÷ one",
        sizes.keys / two.wall,
        sizes.keys / one.wall,
        1.7,
        unit="/s",
        besides=besides,
        is_least=True,
    )


def settle(pids: Sequence[int], *, api: str) -> None:
    """Sweep until nothing changes."""
    for _ in range(MAX_SETTLING_SWEEPS):
        found = sweep(pids, api=api)
        Deployment.objects.update(ask_metrics_at=timezone.now() + LATER)  # they come in turn
        if not found.changed:
            return


def sweep(pids: Sequence[int], *, api: str) -> Sweep:
    """Poll with each key once. Raises AssertionError if a poll fails or takes too long."""
    httpx.get(f"{api}/_bench/requests")
    before = read_versions()
    measured = [*pids, *usage.list_servers()]
    cpu, busy, start = usage.read_cpu(*measured), usage.read_busy(), time.perf_counter()
    since = timezone.now()
    PollState.objects.update(next_poll_at=since)
    polling = PollState.objects.filter(
        Q(last_started_at=None) | Q(last_started_at__lt=since) | Q(leased_until__isnull=False)
    )
    while polling.exists():
        assert time.perf_counter() - start < LONGEST, f"{polling.count()} keys were not polled"
        time.sleep(0.1)
    wall = time.perf_counter() - start
    spent = usage.read_cpu(*measured) - cpu
    assert not PollState.objects.filter(failures__gt=0).exists()
    after = read_versions()
    return Sweep(
        wall=wall,
        cpu=spent,
        busy=(usage.read_busy() - busy) / wall,
        changed=sum(after[pk] != before[pk] for pk in after),
        requests=[(key, url) for key, url in httpx.get(f"{api}/_bench/requests").json()],
    )


def read_versions() -> dict[int, int]:
    return dict(Workspace.objects.values_list("pk", "version"))


def compare(name: str, found: Sweep, *, api: str, bound: float) -> Figure:
    plain = fetch_plainly(api, found.requests, threads=POLL_THREADS - 1)
    besides: Besides = {
        "requests": (float(len(found.requests)), None, ""),
        "in all": (found.wall, None, "s"),
        "for httpx": (plain.wall, None, "s"),
    }
    return Figure(name, found.cpu, plain.cpu, bound, unit="s", besides=besides)
