"""What pages cost, beside a view behind the same middleware that returns as many bytes."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import timing
from bench.figures import Besides, Figure
from bench.site import PageFailed, Site, count_requests, measure_scripts
from bench.sizes import Sizes
from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import (
    Checkpoint,
    Cleanup,
    Deactivation,
    Deployment,
    Run,
    Sampler,
    Session,
)

KILOBYTE = 1000
SELECTED = 50  # deployments for one deactivation
MAX_HTML, MAX_JS = 50, 30  # kB, gzipped; the time of most pages has no bound


def measure(site: Site, workspace: Workspace, sizes: Sizes) -> Iterator[Figure]:
    yield from measure_list(site, workspace, sizes)
    overview = f"/w/{workspace.slug}/"
    run = Run.objects.in_workspace(workspace).filter(status="INACTIVE").latest("pk")
    yield measure_against_bare(site, "overview, warm", overview, sizes, bound=2.5)
    detail = f"{overview}runs/{run.remote_id}/"
    yield measure_against_bare(site, "detail, warm", detail, sizes, bound=4)
    for name, path in list_pages(workspace).items():
        page = f"page: {name}, cold"
        yield measure_against_bare(site, page, path, sizes, bound=None, is_cold=True)


def measure_list(site: Site, workspace: Workspace, sizes: Sizes) -> Iterator[Figure]:
    """The cold page by itself: the call after it pays for what it leaves to be freed."""
    runs, rows = f"/w/{workspace.slug}/runs/", f"50 of {sizes.runs:,} runs"
    size = len(site.get(runs))
    unchanged = f"{runs}?v={site.headers['Loopsweb-Version']}"

    def measure_ms(**calls: Callable[[], bytes]) -> list[float]:
        spent = timing.measure_medians(calls, rounds=sizes.rounds)
        return [seconds * 1000 for seconds in spent.values()]

    def count_queries(path: str) -> Besides:
        return {"queries": (float(site.count_queries(path)), None, "")}

    bare, bare_empty = partial(site.get, f"/bare/{size}/"), partial(site.get, "/bare/0/")
    warm, floor = measure_ms(warm=partial(site.get, runs), bare=bare)
    yield Figure(f"list, {rows}, warm", warm, floor, 2.0, besides=count_queries(runs))
    [cold] = measure_ms(cold=partial(site.get_cold, runs))
    yield Figure(f"list, {rows}, cold", cold, floor, 6)
    requests = count_requests(site.get(runs))
    yield Figure("requests of a page load, cold", requests, None, 6, unit="")
    poll, floor = measure_ms(poll=partial(site.get, unchanged), bare=bare_empty)
    name = "live poll, nothing changed"
    yield Figure(name, poll, floor, 1.3, besides=count_queries(unchanged))


def measure_against_bare(
    site: Site, name: str, path: str, sizes: Sizes, *, bound: float | None, is_cold: bool = False
) -> Figure:
    """Beside its time its queries, and its weight, which are those of the first call."""
    try:
        return compare_with_bare(site, name, path, sizes, bound=bound, is_cold=is_cold)
    except PageFailed as failure:
        return Figure(f"{name}: {failure}", math.inf, None, bound)


def compare_with_bare(
    site: Site, name: str, path: str, sizes: Sizes, *, bound: float | None, is_cold: bool
) -> Figure:
    if is_cold:
        site.clear_cached_pages()
    with CaptureQueriesContext(connection) as captured:
        page = site.get(path)
        queries = float(len(captured))
    get = site.get_cold if is_cold else site.get
    calls = {"page": partial(get, path), "bare": partial(site.get, f"/bare/{len(page)}/")}
    spent = timing.measure_medians(calls, rounds=sizes.rounds, budget=3)
    besides: Besides = {
        "queries": (queries, None, ""),
        "HTML": (len(gzip.compress(page, 6)) / KILOBYTE, MAX_HTML, "kB"),
        "JS": (measure_scripts(page) / KILOBYTE, MAX_JS, "kB"),
    }
    return Figure(name, spent["page"] * 1000, spent["bare"] * 1000, bound, besides=besides)


def list_pages(workspace: Workspace) -> dict[str, str]:
    """{its name: its path}, of those with most to compute: of the run with most checkpoints, of a
    start from another, of a past that has many changes."""
    start = f"/w/{workspace.slug}/"
    runs = Run.objects.in_workspace(workspace)
    first, last = runs.earliest("pk").remote_id, runs.latest("pk").remote_id
    checkpoint = Checkpoint.objects.in_workspace(workspace).latest("pk")
    saving = checkpoint.run_remote_id
    running = Deployment.objects.in_workspace(workspace).filter(status="RUNNING")
    selected = list(running.order_by("-pk")[:SELECTED])
    live = selected[0]
    then = (timezone.now() - timedelta(days=30)).strftime("%Y-%m-%dT%H:%MZ")
    record = Deactivation.objects.get(workspace=workspace).incident
    cleanup = Cleanup.objects.get(workspace=workspace).uid
    sampler = Sampler.objects.in_workspace(workspace).filter(status="ACTIVE").latest("pk")
    session = Session.objects.in_workspace(workspace).latest("pk")
    of_checkpoint = f"{start}checkpoints/{checkpoint.remote_id}/"
    older = Checkpoint.objects.in_workspace(workspace).earliest("pk").remote_id
    word = runs.latest("pk").name
    return {
        "overview": start,
        "runs": f"{start}runs/",
        "deployments": f"{start}deployments/",
        "samplers": f"{start}samplers/",
        "checkpoints": f"{start}checkpoints/",
        "sessions": f"{start}sessions/",
        "run": f"{start}runs/{saving}/",
        "deployment": f"{start}deployments/{live.remote_id}/",
        "timeline": f"{start}timeline/",
        "timeline of a week": f"{start}timeline/?span=week",
        "plan": f"{start}checkpoints/plan/",
        "storage": f"{start}checkpoints/storage/",
        "checkpoints over time": f"{start}runs/{saving}/checkpoints/",
        "lineage": f"{start}runs/{saving}/lineage/",
        "comparison": f"{start}runs/compare/?a={first}&b={last}",
        "search": f"{start}search/?q={word}",
        "search that finds nothing": f"{start}search/?q=nothing+has+this",
        "past list of runs": f"{start}runs/?at={then}",
        "past list of deployments": f"{start}deployments/?at={then}",
        "past overview": f"{start}?at={then}",
        "checkpoint": of_checkpoint,
        "files of a checkpoint": f"{of_checkpoint}files/",
        "expiry of a checkpoint": f"{of_checkpoint}expiry/",
        "inference from a checkpoint": f"{of_checkpoint}inference/",
        "pin": f"{of_checkpoint}pin/",
        "validation": f"{start}checkpoints/validate/",
        "comparison of checkpoints": (
            f"{start}checkpoints/compare/?a={older}&b={checkpoint.remote_id}"
        ),
        "clean-up": f"{start}cleanups/{cleanup}/",
        "sampler": f"{start}samplers/{sampler.remote_id}/",
        "session": f"{start}sessions/{session.remote_id}/",
        "logs of a sampler": f"{start}samplers/{sampler.remote_id}/logs/",
        "new run": f"{start}runs/new/",
        "new sampler": f"{start}samplers/new/",
        "saved views": f"{start}lists/runs/views/",
        "rates": f"{start}rates/",
        "what deactivations end": (
            f"{start}deployments/deactivations/?{urlencode([('id', each) for each in selected])}"
        ),
        "logs": f"{start}deployments/{live.remote_id}/logs/",
        "metrics": f"{start}deployments/{live.remote_id}/metrics/",
        "what a deactivation ends": f"{start}deployments/{live.remote_id}/deactivation/",
        "record": f"{start}deactivations/{record}/",
        "deactivations": f"{start}deactivations/",
        "audit": f"{start}audit/",
    }
