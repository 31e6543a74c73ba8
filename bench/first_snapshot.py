"""The first snapshot of a large organisation, beside fetching and decoding the same answers.

Writing its rows is measured alone too: no snapshot can cost less than that and the floor.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

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
from loopsweb.prepared_writes import PreparedInsert
from loopsweb.resources.models import Checkpoint, Run
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.stored_rows import split_into_batches

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
        "for writing its rows alone": (measure_writing(state.key.workspace), None, "s"),
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


def measure_writing(workspace: Workspace) -> float:
    """CPU seconds that it takes to insert the same rows into another workspace."""
    other, spent = add_key(2, api="https://api.example.com").key.workspace, 0.0
    for model in (noun.model for noun in NOUNS.values()):
        insertion, stored = (
            PreparedInsert(model),
            model._default_manager.filter(workspace=workspace),
        )
        for rows in split_into_batches(stored.iterator()):
            for row in rows:
                row.workspace = other
            values = [[getattr(row, name) for name in insertion.names] for row in rows]
            with transaction.atomic(), connection.cursor() as cursor:
                start = timing.read_cpu()
                insertion.insert(cursor, values)
                spent += timing.read_cpu() - start
    return spent


def count_rows() -> dict[str, int]:
    return {"runs": Run.objects.count(), "checkpoints": Checkpoint.objects.count()}
