"""What a poll asks, in an order in which one answer helps the next query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from loopsweb.keys.models import Key
from loopsweb.loops_api import Client
from loopsweb.loops_api.errors import LoopsError
from loopsweb.resources.bills import pull_bill
from loopsweb.resources.catalogue import pull_catalogue
from loopsweb.resources.deployments.sync import pull_deployments, pull_vanished_deployments
from loopsweb.resources.figures.measured_work import pull_work
from loopsweb.resources.runs.sync import pull_run_details, pull_runs
from loopsweb.resources.samplers.sync import pull_samplers
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import NewAnswer


class OptionalQuestion(Protocol):
    """Ask the API, and store the answer or when to ask again. Raises no LoopsError. Returns the
    error after which the API is asked no more in this poll."""

    def __call__(self, client: Client, /, *, poll: PollContext) -> LoopsError | None: ...


class Question(Protocol):
    """Ask the API. Returns None if nothing is new."""

    def __call__(
        self, client: Client, /, *, poll: PollContext, known_digest: str
    ) -> NewAnswer | None: ...


AskedQuestion = Callable[..., NewAnswer | None]  # with its client
LISTS: dict[str, Question] = {"runs": pull_runs, "samplers": pull_samplers}
MANAGED: dict[str, Question] = {
    "deployments": pull_deployments,
    "vanished": pull_vanished_deployments,
    "details": pull_run_details,
    "catalogue": pull_catalogue,
}
OPTIONAL: dict[str, OptionalQuestion] = {"bill": pull_bill, "work": pull_work}
PAIRED = frozenset({"runs", "samplers", "details"})  # a new answer may pair runs and samplers


def list_questions(key: Key) -> dict[str, Question]:
    """By feed; without the checkpoints, which are asked for run by run."""
    lists = LISTS if key.can_list is not False else {}
    return lists | (MANAGED if key.can_manage is not False else {})


def list_optional_questions(key: Key) -> dict[str, OptionalQuestion]:
    """Those to ask last, since no list needs their answers."""
    return OPTIONAL if key.can_manage is not False else {}


def find_nothing_new(*, poll: PollContext, known_digest: str) -> None:
    """The answer to what need not be asked."""
