"""The targets of deactivations: deployments, and where the server offers it runs and samplers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import Client
from loopsweb.loops_api.types import Deactivated
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.nouns import NOUNS, Ending, Noun
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.ui.statuses import Vocabulary

Target = Deployment | Run | Sampler


@dataclass(frozen=True)
class Kind:
    """A noun that can be ended. stopped: the status that confirms a deactivation. method: of the
    client."""

    entry: Noun
    ending: Ending
    pull_one: Callable[..., Any]
    vocabulary: Vocabulary

    @property
    def noun(self) -> str:
        return self.entry.singular

    @property
    def plural(self) -> str:
        return self.entry.slug

    @property
    def model(self) -> type[Target]:
        return cast("type[Target]", self.entry.model)

    @property
    def stopped(self) -> str:
        return self.ending.stopped

    @property
    def method(self) -> str:
        return self.ending.client_method

    def has_ended(self, status: str) -> bool:
        return status in self.vocabulary.terminal

    def deactivate(self, client: Client, remote_id: str) -> Deactivated:
        """Call the API. Raises errors.LoopsError."""
        answer: Deactivated = getattr(client, self.method)(remote_id)
        return answer

    def find(self, workspace: Workspace, remote_id: str) -> Target | None:
        return self.model.objects.filter(workspace=workspace, remote_id=remote_id).first()

    def find_all(self, workspace: Workspace, ids: Sequence[str]) -> list[Target]:
        return list(self.model.objects.filter(workspace=workspace, remote_id__in=ids))

    def fetch_status(self, client: Client, remote_id: str, *, poll: PollContext) -> str:
        """The status the API gives now, "" where it gives none. The answer enters the snapshot."""
        found = self.pull_one(client, remote_id, poll=poll)
        return (found and found.status) or ""


KINDS = {
    noun.singular: Kind(noun, noun.ending, noun.pull_one, noun.vocabulary)
    for noun in NOUNS.values()
    if noun.ending and noun.pull_one and noun.vocabulary
}


def kind_of(target: Target) -> Kind:
    return KINDS[target.noun]


def describe_target(row: Target) -> dict[str, Any]:
    """The fields of an audit event that name it."""
    return {
        "target_noun": row.noun,
        "target_id": row.remote_id,
        "target_name": row.base_model,
        "target_owner": row.owner_email,
    }


def explain_shared_end(row: Target) -> str:
    """Return the reason why it cannot be ended alone, or "" if it can."""
    if isinstance(row, Sampler) and row.run_remote_id:
        return f"This sampler is paired with run {row.run_remote_id} and ends with it."
    return ""
