"""Requests a second of a list over granian, beside those of the bare view."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial

from bench import world
from bench.figures import Figure
from bench.load import run_load
from bench.services import start_web
from bench.site import Site
from bench.sizes import Sizes
from loopsweb.accounts.models import User
from loopsweb.serving.benchmark_data.founding import OWNER

CONNECTIONS = 8
ROUNDS = 3


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    organisation = world.create_organisation(
        "Organisation", runs=sizes.runs, checkpoints=sizes.checkpoints
    )
    site = Site(User.objects.get(email=OWNER))
    runs = f"/w/{organisation.slug}/runs/"
    paths = {"list": runs, "bare": f"/bare/{len(site.get(runs))}/"}
    found: dict[str, list[float]] = {name: [] for name in paths}
    with start_web({}) as web:
        ask = partial(run_load, web.address, cookie=site.cookie, connections=CONNECTIONS)
        ask([*paths.values()], seconds=sizes.load_seconds)  # each web process loads its code
        for _ in range(min(ROUNDS, sizes.rounds)):
            for name, path in paths.items():
                found[name].append(ask([path], seconds=sizes.load_seconds).per_second)
    per_second = {name: statistics.median(each) for name, each in found.items()}
    name = f"requests/s of a list over granian, {CONNECTIONS} connections"
    yield Figure(name, per_second["list"], per_second["bare"], 0.5, unit="/s", is_least=True)
