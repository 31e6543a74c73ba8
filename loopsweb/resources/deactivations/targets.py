"""What can be deactivated: deployments, and where the server offers it runs and samplers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import Client
from loopsweb.loops_api.types import Deactivated
from loopsweb.resources.deployments import sync as deployments
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers import sync as samplers
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.ui.statuses import Vocabulary

Target = Deployment | Run | Sampler


@dataclass(frozen=True)
class Kind:
    """stopped: the status that confirms a deactivation. method: of the client."""

    noun: str
    model: type[Deployment | Run | Sampler]
    stopped: str
    vocabulary: Vocabulary
    pull_one: Callable[..., Any]

    @property
    def method(self) -> str:
        return f"deactivate_{self.noun}"

    @property
    def plural(self) -> str:
        return f"{self.noun}s"

    def has_ended(self, status: str) -> bool:
        return self.vocabulary.of(status).terminal

    def ask(self, client: Client, remote_id: str) -> Deactivated:
        answer: Deactivated = getattr(client, self.method)(remote_id)
        return answer

    def find(self, workspace: Workspace, remote_id: str) -> Target | None:
        return self.model.objects.filter(workspace=workspace, remote_id=remote_id).first()

    def find_all(self, workspace: Workspace, ids: Sequence[str]) -> list[Target]:
        return list(self.model.objects.filter(workspace=workspace, remote_id__in=ids))

    def status_of(self, client: Client, remote_id: str, *, reading: Reading) -> str:
        """As the API says now; "" where it does not say. The answer is kept."""
        found = self.pull_one(client, remote_id, reading=reading)
        return (found and found.status) or ""


KINDS = {
    kind.noun: kind
    for kind in (
        Kind("deployment", Deployment, "STOPPED", DEPLOYMENT, deployments.pull_one),
        Kind("run", Run, "INACTIVE", RUN, runs.pull_one),
        Kind("sampler", Sampler, "INACTIVE", SAMPLER, samplers.pull_one),
    )
}


def kind_of(target: Target) -> Kind:
    return KINDS[type(target).__name__.lower()]


def ends_with(row: Target) -> str:
    """Why it cannot be ended alone, "" where it can."""
    if isinstance(row, Sampler) and row.run_remote_id:
        return f"This sampler is paired with run {row.run_remote_id} and ends with it."
    return ""
