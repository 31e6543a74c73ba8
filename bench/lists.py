"""Lists of many rows beside lists of few: what is searched, filtered, sorted and far behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

from bench import timing
from bench.figures import Figure
from bench.site import PageFailed, Site
from bench.sizes import Sizes
from loopsweb.accounts.models import Workspace
from loopsweb.resources.nouns import NOUNS

BOUND = 1.5
PER_PAGE, FAR_PAGE = 50, 500
NOTHING, MATCH_NOTHING = "q=nothing+has+this", {"search_text__contains": "nothing"}
QUERIES = {  # each fills a page, however many rows there are
    "runs": {
        "search": "q=qwen",
        "search that finds nothing": NOTHING,
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
        model = NOUNS[slug].model
        rows, few = (model._default_manager.filter(workspace=one).count() for one in (large, small))
        far = {f"page {FAR_PAGE}": f"page={FAR_PAGE}"}
        for name, query in ({"list": ""} | queries | far).items():
            calls: dict[str, Callable[[], object]] = {
                one.slug: partial(site.get_cold, f"/w/{one.slug}/{slug}/?{query}")
                for one in (large, small)
            }
            beside = ""
            if name == f"page {FAR_PAGE}" and few % PER_PAGE:
                beside = f"for {PER_PAGE} rows of {few:,}"
                path = f"/w/{small.slug}/{slug}/?page={few // PER_PAGE}"
                calls[beside] = partial(site.get_cold, path)
            elif query == NOTHING:
                beside = "to look into every text alone"
                texts = model._default_manager.filter(workspace=large, **MATCH_NOTHING)
                calls[beside] = texts.count
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
                besides={beside: (spent[beside] * 1000, None, "ms")} if beside else {},
            )
