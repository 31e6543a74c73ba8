"""The five nouns of the Loops API. Everything that lists nouns, names one or looks one up reads
this table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments import sync as deployments
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers import sync as samplers
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.sessions.models import Session
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.ui.statuses import Vocabulary


@dataclass(frozen=True)
class Ending:
    """client_method: of loops_api's client. stopped: the status that confirms it worked."""

    client_method: str
    stopped: str


@dataclass(frozen=True, kw_only=True)
class Noun:
    """slug: the plural in URLs, templates and the JSON API. label: the plural people read.
    feed: the feed of PollState that says how old its rows are. pull_one: asks the API about one
    and keeps the answer. ending: how one is deactivated, None where nothing can be."""

    model: type[Snapshot]
    slug: str
    label: str
    feed: str
    vocabulary: Vocabulary | None = None
    pull_one: Callable[..., Any] | None = None
    ending: Ending | None = None

    @property
    def singular(self) -> str:
        return self.model.noun

    def count(self, number: int) -> str:
        """Its name after a number: "run" after 1, else "runs"."""
        return self.singular if number == 1 else self.slug


NOUNS = {
    noun.slug: noun
    for noun in (
        # No route lists sessions: they are read from runs, and so they are as old as these.
        Noun(model=Session, slug="sessions", label="Sessions", feed="runs"),
        Noun(
            model=Run,
            slug="runs",
            label="Runs",
            feed="runs",
            vocabulary=RUN,
            pull_one=runs.pull_run,
            ending=Ending("deactivate_run", stopped="INACTIVE"),
        ),
        Noun(
            model=Sampler,
            slug="samplers",
            label="Samplers",
            feed="samplers",
            vocabulary=SAMPLER,
            pull_one=samplers.pull_sampler,
            ending=Ending("deactivate_sampler", stopped="INACTIVE"),
        ),
        Noun(
            model=Checkpoint,
            slug="checkpoints",
            label="Checkpoints",
            feed="checkpoints",
            vocabulary=SYNC,
        ),
        Noun(
            model=Deployment,
            slug="deployments",
            label="Deployments",
            feed="deployments",
            vocabulary=DEPLOYMENT,
            pull_one=deployments.pull_deployment,
            ending=Ending("deactivate_deployment", stopped="STOPPED"),
        ),
    )
}
BY_SINGULAR = {noun.singular: noun for noun in NOUNS.values()}
FEEDS = tuple(dict.fromkeys(noun.feed for noun in NOUNS.values()))


def noun_of(row: Snapshot | type[Snapshot]) -> Noun:
    return BY_SINGULAR[row.noun]
