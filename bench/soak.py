"""People with open tabs and workers that poll, for a while: what it costs, and whether it grows.

First the keys alone, then the people too: what people add is the difference.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import httpx
import msgspec
from django.db.models import Min
from django.utils import timezone

from bench import usage
from bench.figures import Besides, Figure
from bench.keys import add_key
from bench.load import run_load
from bench.services import start_web, start_workers
from bench.site import Site
from bench.sizes import Sizes
from bench.tabs import NEWS_BETWEEN_PAGES, NEWS_SECONDS, Asked, People, Person
from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.resources.snapshot.poll_state import PollState

KEYS_ALONE = 0.3  # of the time
TEAM = 5
CONNECTIONS = 8
SAMPLES = 40
LONGEST = 600.0  # seconds of the first polls
GROWTH = 1.05
OURS = ("web", "worker")  # the servers fill what they are given: buffers, caches that expire
MEGABYTE = 1e6
POLLED = "/v1/loops/runs?scope=org"


@dataclass(frozen=True)
class Sample:
    """lag: seconds by which the latest poll is late. memory, cpu: by process, bytes and seconds."""

    at: float
    lag: float
    memory: dict[str, int]
    cpu: dict[str, float]


@dataclass(frozen=True)
class Phase:
    samples: list[Sample]
    polls: int

    @property
    def seconds(self) -> float:
        return self.samples[-1].at - self.samples[0].at

    def spend(self, name: str) -> float:
        """CPU seconds of a process."""
        return self.samples[-1].cpu[name] - self.samples[0].cpu[name]


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    workspaces = [add_key(number, api=api).key.workspace for number in range(1, sizes.keys + 1)]
    people = [build_person(number, workspaces) for number in range(sizes.people)]
    PollState.objects.update(next_poll_at=timezone.now())
    with start_web({}) as web, start_workers({}) as worker:
        postgresql, redis = usage.list_servers()
        processes = {
            "web": web.process.popen.pid,
            "worker": worker.popen.pid,
            "PostgreSQL": postgresql,
            "Redis": redis,
        }
        first = people[0]
        warm = partial(run_load, web.address, [first.tab, *first.pages], cookie=first.cookie)
        warm(connections=CONNECTIONS, seconds=sizes.load_seconds)  # each process loads its code
        polling, until = (
            PollState.objects.filter(last_success_at=None),
            time.perf_counter() + LONGEST,
        )
        while polling.exists():
            assert time.perf_counter() < until, f"{polling.count()} keys were not polled"
            time.sleep(0.2)
        alone = watch(processes, sizes.soak_seconds * KEYS_ALONE, api=api)
        seconds = sizes.soak_seconds * (1 - KEYS_ALONE)
        command = [sys.executable, "-m", "bench.tabs"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, **pipes) as tabs:  # type: ignore[call-overload]
            tabs.stdin.write(msgspec.json.encode(People(web.address, seconds, people)))
            tabs.stdin.close()
            both = watch(processes, seconds, api=api)
            asked = msgspec.json.decode(tabs.stdout.read(), type=Asked)
        assert tabs.returncode == 0
    yield from describe(alone, both, asked, sizes)


def build_person(number: int, workspaces: list[Workspace]) -> Person:
    """A member of a team of TEAM people, with a list open."""
    person = User.objects.create_user(f"person{number}@example.com", name=f"Person {number}")
    workspace = workspaces[number // TEAM % len(workspaces)]
    Membership.objects.create(team=workspace.team, user=person, role=Role.OPERATOR)
    start = f"/w/{workspace.slug}/"
    pages = [start, *(f"{start}{noun}/" for noun in ("deployments", "samplers", "checkpoints"))]
    return Person(cookie=Site(person).cookie, tab=f"{start}runs/", pages=pages)


def watch(processes: Mapping[str, int], seconds: float, *, api: str) -> Phase:
    httpx.get(f"{api}/_bench/requests")
    start = time.perf_counter()
    samples = [take_sample(processes)]
    while (left := start + seconds - time.perf_counter()) > 0:
        time.sleep(min(left, seconds / SAMPLES))
        samples.append(take_sample(processes))
        if len(samples) % (SAMPLES // 4) == 0:
            httpx.post(f"{api}/_bench/change")
    asked = httpx.get(f"{api}/_bench/requests").json()
    return Phase(samples, polls=sum(url.startswith(POLLED) for _, url in asked))


def take_sample(processes: Mapping[str, int]) -> Sample:
    now = timezone.now()
    due = PollState.objects.aggregate(at=Min("next_poll_at"))["at"]
    return Sample(
        at=time.perf_counter(),
        lag=max(0.0, (now - due).total_seconds()),
        memory={name: usage.read_memory(pid) for name, pid in processes.items()},
        cpu={name: usage.read_cpu(pid) for name, pid in processes.items()},
    )


def describe(alone: Phase, both: Phase, asked: Asked, sizes: Sizes) -> Iterator[Figure]:
    name = f"soak of {sizes.soak_seconds:g} s, {sizes.people:,} people, {sizes.keys:,} keys"
    answers = len(asked.news) + len(asked.pages)
    empty: Besides = {"empty": (asked.empty / both.seconds, None, "/s")}
    yield Figure(f"{name}: requests", answers / both.seconds, unit="/s", besides=empty)
    for what, times in {"news": asked.news, "page": asked.pages}.items():
        slow = sorted(times)[math.ceil(len(times) * 0.95) - 1] * 1000
        besides: Besides = {"p95": (slow, None, "ms")}
        median = statistics.median(times) * 1000
        yield Figure(f"{name}: {what}, median", median, besides=besides)
    lags = [one.lag for one in both.samples]
    besides = {"median": (statistics.median(lags), None, "s")}
    yield Figure(f"{name}: lag of the latest poll, at most", max(lags), unit="s", besides=besides)
    polls = alone.polls or 1
    key = {each: alone.spend(each) / polls * 1000 for each in ("worker", "PostgreSQL", "Redis")}
    parts: Besides = {each: (spent, None, "ms") for each, spent in key.items()}
    yield Figure(f"{name}: CPU of a poll", sum(key.values()), besides=parts)
    pace = 1 / NEWS_SECONDS + 2 / (NEWS_BETWEEN_PAGES * NEWS_SECONDS)  # answers a second
    tab = {
        each: (both.spend(each) - key.get(each, 0) * both.polls / 1000) / answers * pace * 1000
        for each in ("web", "PostgreSQL", "Redis")
    }
    parts = {each: (spent, None, "ms") for each, spent in tab.items()}
    yield Figure(f"{name}: CPU of a tab a second", sum(tab.values()), besides=parts)
    quarter = max(1, len(both.samples) // 4)
    early, late = both.samples[quarter : 2 * quarter], both.samples[-quarter:]
    for each in both.samples[0].memory:
        before, after = (
            statistics.mean(one.memory[each] for one in some) / MEGABYTE for some in (early, late)
        )
        title = f"{name}: memory of {each}, last quarter ÷ second"
        bound = GROWTH if each in OURS else None
        yield Figure(title, after, before, bound, unit="MB")
