"""`manage.py serve`: lists while a snapshot is read, and memory with many runs and with few."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from django.utils import timezone

from bench import usage, world
from bench.figures import Besides, Figure
from bench.keys import LATER, add_key
from bench.load import run_load
from bench.recorded_api import run_recorded_api
from bench.services import start_embedded
from bench.site import Site
from bench.sizes import Sizes
from loopsweb.accounts.models import User
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.serving.benchmark_data.founding import OWNER

FEW = 100
CONNECTIONS = 8
ROUNDS = 5
MEGABYTE = 1e6


@dataclass(frozen=True)
class Serving:
    """quiet, polling: the median seconds of a list. memory: bytes of all processes while the
    snapshot is read, at most."""

    quiet: float
    polling: float
    per_second: float
    memory: int


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    many = serve(sizes.runs, sizes.checkpoints, number=1, api=api, sizes=sizes)
    few, few_runs = many, min(FEW, sizes.runs)
    if few_runs < sizes.runs:
        with run_recorded_api(runs=few_runs, checkpoints_per_run=10) as small_api:
            few = serve(few_runs, few_runs * 10, number=2, api=small_api, sizes=sizes)
    besides: Besides = {
        "at 8 connections meanwhile": (many.per_second, None, "requests/s"),
    }
    yield Figure(
        f"embedded, {sizes.runs:,} runs: list while a snapshot is read ÷ when quiet",
        many.polling * 1000,
        many.quiet * 1000,
        1.5,
        besides=besides,
    )
    yield Figure(
        f"embedded: memory with {sizes.runs:,} runs ÷ with {few_runs:,}",
        many.memory / MEGABYTE,
        few.memory / MEGABYTE,
        1.5,
        unit="MB",
    )


def serve(runs: int, checkpoints: int, *, number: int, api: str, sizes: Sizes) -> Serving:
    """Ask for the list of an organisation before and while the snapshot of another is read, which
    is as large."""
    shown = world.create_organisation(f"Shown {number}", runs=runs, checkpoints=checkpoints)
    PollState.objects.filter(key__workspace=shown).update(leased_until=timezone.now() + LATER)
    state = add_key(number, api=api)
    site = Site(User.objects.get(email=OWNER))
    path = f"/w/{shown.slug}/runs/"
    with ExitStack() as stack:
        serving = stack.enter_context(start_embedded({"LOOPSWEB_API_URLS": api}))
        pid = serving.process.popen.pid

        def ask() -> list[float]:
            return run_load(
                serving.address,
                [path],
                cookie=site.cookie,
                connections=CONNECTIONS,
                seconds=sizes.load_seconds,
            ).latencies

        ask()
        rounds = min(ROUNDS, sizes.rounds)
        quiet = [one for _ in range(rounds) for one in ask()]
        PollState.objects.filter(pk=state.pk).update(next_poll_at=timezone.now())
        time.sleep(sizes.tick_seconds)
        polling: list[float] = []
        memory = [usage.read_memory(pid)]
        start = time.perf_counter()
        for _ in range(rounds):
            polling += ask()
            memory.append(usage.read_memory(pid))
        seconds = time.perf_counter() - start
    PollState.objects.filter(pk=state.pk).update(leased_until=timezone.now() + LATER)
    return Serving(
        quiet=statistics.median(quiet),
        polling=statistics.median(polling),
        per_second=len(polling) / seconds,
        memory=max(memory),
    )
