"""The five nouns of the Loops API. Everything that lists nouns, names one or looks one up reads
this table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.sync import pull_deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.sync import pull_run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.sync import pull_sampler
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
    """feed: the feed of PollState that says how old its rows are. pull_one: queries the API for one
    and stores the answer. ending: how one is deactivated, None where that is impossible."""

    model: type[Snapshot]
    feed: str
    pull_one: Callable[..., Any] | None = None
    ending: Ending | None = None

    @property
    def singular(self) -> str:
        return self.model.noun

    @property
    def slug(self) -> str:
        """The plural in URLs, templates and the JSON API."""
        return f"{self.singular}s"

    @property
    def label(self) -> str:
        """The plural in headings."""
        return self.slug.capitalize()

    @property
    def vocabulary(self) -> Vocabulary | None:
        return self.model.vocabulary

    def name_for(self, number: int) -> str:
        """Its name after a number: "run" after 1, else "runs"."""
        return self.singular if number == 1 else self.slug


STOP_RUN = Ending("deactivate_run", stopped="INACTIVE")
STOP_SAMPLER = Ending("deactivate_sampler", stopped="INACTIVE")
STOP_DEPLOYMENT = Ending("deactivate_deployment", stopped="STOPPED")
EVERY_NOUN = (
    # No route lists sessions: they are read from runs, and so they are as old as these.
    Noun(model=Session, feed="runs"),
    Noun(model=Run, feed="runs", pull_one=pull_run, ending=STOP_RUN),
    Noun(model=Sampler, feed="samplers", pull_one=pull_sampler, ending=STOP_SAMPLER),
    Noun(model=Checkpoint, feed="checkpoints"),
    Noun(model=Deployment, feed="deployments", pull_one=pull_deployment, ending=STOP_DEPLOYMENT),
)
NOUNS = {noun.slug: noun for noun in EVERY_NOUN}
VOCABULARIES = {noun.singular: noun.vocabulary for noun in EVERY_NOUN if noun.vocabulary}
BY_SINGULAR = {noun.singular: noun for noun in EVERY_NOUN}
FEEDS = tuple(dict.fromkeys(noun.feed for noun in EVERY_NOUN))


def find_noun(row: Snapshot | type[Snapshot]) -> Noun:
    return BY_SINGULAR[row.noun]
