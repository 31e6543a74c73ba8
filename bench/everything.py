"""All figures, in turn."""

from __future__ import annotations

from collections.abc import Iterator

from bench import events, lists, pages, polls, world
from bench.figures import Figure
from bench.site import Site
from bench.sizes import Sizes
from loopsweb.accounts.models import User
from loopsweb.serving.benchmark_data.founding import OWNER


def measure(sizes: Sizes, *, api: str) -> Iterator[Figure]:
    organisation = world.create_organisation(
        "Organisation", runs=sizes.runs, checkpoints=sizes.checkpoints
    )
    world.request_deactivation(organisation)
    world.request_cleanup(organisation)
    site = Site(User.objects.get(email=OWNER))
    yield from pages.measure(site, organisation, sizes)
    yield events.measure(sizes)
    yield from polls.measure(sizes, api=api)
    few = world.create_organisation("Few", runs=sizes.few_rows, checkpoints=0)
    many = world.create_organisation("Many", runs=sizes.rows, checkpoints=0)
    yield from lists.measure(site, many, few, sizes)
