"""Polling an organisation beside polling one with a tenth of its resources."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from django.utils import timezone

from bench import timing
from bench.figures import Besides, Figure
from bench.keys import LATER, add_key
from bench.recorded_api import GROWN, GROWTH
from bench.sizes import Sizes
from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.poll_state import PollState

MAX_POLLS = 200
BOUND = GROWTH * 1.05


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    small, small_again, runs = measure_polls(1, sizes, api=api)
    large, large_again, many = measure_polls(GROWN, sizes, api=api)
    besides: Besides = {"runs": (many, None, ""), "runs beside": (runs, None, "")}
    name = f"sweep at {GROWTH} times the resources ÷ at one time"
    yield Figure(f"{name}, everything new", large * 1000, small * 1000, BOUND, besides=besides)
    again = large_again * 1000, small_again * 1000
    yield Figure(f"{name}, nothing changed", *again, BOUND, besides=besides)


def measure_polls(number: int, sizes: Sizes, *, api: str) -> tuple[float, float, float]:
    """CPU seconds until everything is stored, and of a poll that finds nothing new; runs."""
    state = add_key(number, api=api)
    counts = httpx.get(f"{api}/_bench/counts", params={"key": number}).json()
    started = timing.read_cpu()
    for _ in range(MAX_POLLS):
        poll(state)
        Deployment.objects.update(ask_metrics_at=timezone.now() + LATER)  # they come in turn
        if count_rows(state.key.workspace) == counts:
            break
    else:
        raise AssertionError(f"{count_rows(state.key.workspace)} are stored of {counts}")
    spent = timing.read_cpu() - started
    for _ in range(MAX_POLLS):
        version = Workspace.objects.get(pk=state.key.workspace_id).version
        poll(state)
        if Workspace.objects.get(pk=state.key.workspace_id).version == version:
            break
    unchanged = timing.measure_medians({"poll": lambda: poll(state)}, rounds=sizes.rounds)["poll"]
    return spent, unchanged, float(counts["runs"])


def poll(state: PollState) -> None:
    poller.run_poll(state.pk, clock=timezone.now)


def count_rows(workspace: Workspace) -> dict[str, int]:
    return {
        "runs": Run.objects.in_workspace(workspace).count(),
        "checkpoints": Checkpoint.objects.in_workspace(workspace).count(),
    }
