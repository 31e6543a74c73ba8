"""The first snapshot of a large organisation, beside fetching and decoding the same answers.

Making its rows of the objects, and writing them, is measured alone too: no snapshot can cost less
than that and the floor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
from django.db import connection, transaction
from django.utils import timezone

from bench import timing, usage
from bench.figures import Besides, Figure
from bench.keys import add_key
from bench.plain_fetch import fetch_plainly
from bench.services import start_workers
from bench.sizes import Sizes
from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import parsers
from loopsweb.prepared_writes import PreparedInsert
from loopsweb.resources.deployments import sync as deployments
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.samplers import sync as samplers
from loopsweb.resources.snapshot.changed_rows import finish_row
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.store import copy_columns
from loopsweb.resources.snapshot.stored_rows import compute_digest, split_into_batches

MADE: tuple[tuple[type[Any], Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    (Run, parsers.parse_run, runs.build_row),
    (Sampler, parsers.parse_sampler, samplers.build_row),
    (Deployment, parsers.parse_deployment, deployments.build_row),
    (Checkpoint, parsers.parse_checkpoint, partial(copy_columns, Checkpoint)),
)
AT_ONCE = {"LOOPSWEB_POLL_BUSY_SECONDS": "0.1", "LOOPSWEB_POLL_QUIET_SECONDS": "0.1"}
LONGEST = 1200.0  # seconds
MEGABYTE = 1e6


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    state, counts = add_key(1, api=api), httpx.get(f"{api}/_bench/counts").json()
    with start_workers(AT_ONCE) as worker:
        idle = usage.read_peak(worker.popen.pid)
        measured = [worker.popen.pid, *usage.list_servers()]
        cpu, start, since = usage.read_cpu(*measured), time.perf_counter(), timezone.now()
        PollState.objects.filter(pk=state.pk).update(next_poll_at=since)
        while (stored := count_rows()) != counts:
            assert time.perf_counter() - start < LONGEST, f"{stored} are stored of {counts}"
            time.sleep(0.2)
        wall, spent = time.perf_counter() - start, usage.read_cpu(*measured) - cpu
        peak = usage.read_peak(worker.popen.pid)
    requests = [(key, url) for key, url in httpx.get(f"{api}/_bench/requests").json()]
    plain = fetch_plainly(api, sorted({*requests}), threads=1, decodes=True)
    found = ", ".join(f"{count:,} {noun}" for noun, count in counts.items())
    besides: Besides = {
        "for making and writing its rows alone": (measure_rows(state.key.workspace), None, "s"),
        "in all": (wall, None, "s"),
        "requests": (float(len(requests)), None, ""),
        "different requests": (float(len({*requests})), None, ""),
    }
    name = "first snapshot"
    yield Figure(f"{name}: {found}", spent, plain.cpu, 3, unit="s", besides=besides)
    name = "memory that a worker needs for it beside what it has when idle ÷ largest answer"
    besides = {"in all": (peak / MEGABYTE, None, "MB")}
    largest = plain.largest / MEGABYTE
    yield Figure(name, (peak - idle) / MEGABYTE, largest, 4, unit="MB", besides=besides)


def measure_rows(workspace: Workspace) -> float:
    """CPU seconds that it takes to make rows of the same objects and to insert them into another
    workspace: nothing is compared, locked or worked out."""
    key, spent = add_key(2, api="https://api.example.com").key, 0.0
    poll = PollContext.for_key(key, now=timezone.now())
    for model, parse, build in MADE:
        insertion = PreparedInsert(model)
        stored = model._default_manager.filter(workspace=workspace).values_list("raw", flat=True)
        for raws in split_into_batches(stored.iterator()):
            with transaction.atomic(), connection.cursor() as cursor:
                start = timing.read_cpu()
                rows = [make_row(parse(raw), build, poll=poll) for raw in raws]
                values = [[getattr(row, name) for name in insertion.names] for row in rows]
                insertion.insert(cursor, values)
                spent += timing.read_cpu() - start
    return spent


def make_row(found: Any, build: Callable[[Any], Any], *, poll: PollContext) -> Any:
    row = build(found)
    finish_row(row, remote_id=found.id, digest=compute_digest(found.raw), poll=poll)
    return row


def count_rows() -> dict[str, int]:
    return {"runs": Run.objects.count(), "checkpoints": Checkpoint.objects.count()}
