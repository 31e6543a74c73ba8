"""Lists of many rows beside lists of few: what is searched, filtered, sorted and far behind."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from bench import timing
from bench.figures import Figure
from bench.site import PageFailed, Site
from bench.sizes import Sizes
from loopsweb.accounts.models import Workspace
from loopsweb.resources.nouns import NOUNS

BOUND = 1.5
PER_PAGE, FAR_PAGE = 50, 500
QUERIES = {  # each fills a page, however many rows there are
    "runs": {
        "search": "q=qwen",
        "search that finds nothing": "q=nothing+has+this",
        "filter": "status=INACTIVE",
        "filter and sort": "base_model=Qwen/Qwen3-8B&sort=-cost",
        "sort by idle time": "sort=-idle",
    },
    "deployments": {
        "search": "q=engineer0",
        "filter": "status=STOPPED",
        "sort by idle time": "sort=-idle",
    },
    "samplers": {"filter": "status=INACTIVE", "sort by idle time": "sort=-idle"},
    "sessions": {},
}


def measure(site: Site, large: Workspace, small: Workspace, sizes: Sizes) -> Iterator[Figure]:
    """Everything cold: what is cached costs the same."""
    for slug, queries in QUERIES.items():
        rows, few = (
            NOUNS[slug].model._default_manager.filter(workspace=one).count()
            for one in (large, small)
        )
        far = {f"page {FAR_PAGE}": f"page={FAR_PAGE}"}
        for name, query in ({"list": ""} | queries | far).items():
            calls = {
                one.slug: partial(site.get_cold, f"/w/{one.slug}/{slug}/?{query}")
                for one in (large, small)
            }
            title = f"{slug}, {name}: {rows:,} rows ÷ {few:,}"
            try:
                spent = timing.measure_medians(calls, rounds=sizes.rounds, budget=3)
            except PageFailed as failure:
                yield Figure(f"{title}: {failure}", math.inf, None, BOUND)
                continue
            yield Figure(
                title,
                spent[large.slug] * 1000,
                spent[small.slug] * 1000,
                BOUND,
            )
