"""Sessions: what belongs together, and where to look when a script died and only its id is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.deployments.run_pairing import Paired, paired
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.pages.detail_page import detail_page
from loopsweb.resources.pages.list_page import SEEN, list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.sessions.models import Origin, Session
from loopsweb.ui.filters import Filter, Spec

SPEC = Spec(
    search=("remote_id",),
    filters=(
        Filter(
            "origin",
            "Known because",
            conditions={value: (label, Q(origin=value)) for value, label in Origin.choices},
        ),
        SEEN,
    ),
    sorts={"id": "remote_id", "seen": "first_seen_at"},
    usual_sort="-seen",
    downward=frozenset({"seen"}),
)
COLUMNS = {"session_id": "remote_id", "origin": "origin", "first_seen_at": "first_seen_at"}
MOST = 100
NO_RUNS: dict[str, Any] = {"all": 0, "active": 0, "newest": None}


@dataclass(frozen=True)
class Line:
    """A session with how many runs and standalone samplers are known of it."""

    session: Session
    runs: int
    active: int
    samplers: int
    newest_run_at: Any


@dataclass(frozen=True)
class RunOfSession:
    """newest: its newest complete trainer checkpoint. syncing: how many are not safe yet."""

    pair: Paired
    newest: Checkpoint | None
    saved: int
    syncing: int

    @property
    def may_run(self) -> bool:
        """Unless the API said it ended: unknown counts as running."""
        if self.pair.deployment:
            return self.pair.is_current and not self.pair.deployment.is_terminal
        return self.pair.run.status != "INACTIVE"


@require(Permission.VIEW)
def list_(request: WorkspaceRequest) -> HttpResponseBase:
    def beside(rows: list[Session]) -> dict[str, Any]:
        ids = [row.remote_id for row in rows]
        named = {"workspace": request.workspace, "session_remote_id__in": ids}
        runs = {
            group["session_remote_id"]: group
            for group in Run.objects.filter(**named)
            .values("session_remote_id")
            .annotate(
                all=Count("pk"),
                active=Count("pk", filter=Q(status="ACTIVE")),
                newest=Max("created_at"),
            )
        }
        samplers = dict(
            Sampler.objects.filter(run_remote_id="", **named)
            .values_list("session_remote_id")
            .annotate(Count("pk"))
        )
        lines = []
        for row in rows:
            of_it: dict[str, Any] = dict(runs.get(row.remote_id, NO_RUNS))
            samplers_of_it = samplers.get(row.remote_id, 0)
            lines.append(Line(row, of_it["all"], of_it["active"], samplers_of_it, of_it["newest"]))
        return {"lines": lines}

    rows = Session.objects.in_workspace(request.workspace)
    return list_page(request, "sessions", rows, SPEC, columns=COLUMNS, beside=beside)


@require(Permission.VIEW)
def detail(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(session: Session) -> dict[str, Any]:
        here = {"workspace": request.workspace, "session_remote_id": session.remote_id}
        runs = list(Run.objects.filter(**here).order_by("-created_at", "-pk")[:MOST])
        samplers = Sampler.objects.filter(**here).order_by("-created_at", "-pk")[:MOST]
        lines = with_checkpoints(request, runs)
        return {
            "lines": lines,
            "running": [line for line in lines if line.may_run],
            "samplers": samplers,
            "vocabulary": {"run": RUN, "deployment": DEPLOYMENT, "sampler": SAMPLER, "sync": SYNC},
        }

    return detail_page(request, "sessions", Session, remote_id, context)


def with_checkpoints(request: WorkspaceRequest, runs: Sequence[Run]) -> list[RunOfSession]:
    checkpoints = defaultdict(list)
    for checkpoint in Checkpoint.objects.filter(
        workspace=request.workspace, run_remote_id__in=[run.remote_id for run in runs]
    ).order_by("-created_at", "-pk"):
        checkpoints[checkpoint.run_remote_id].append(checkpoint)
    lines = []
    for pair in paired(request.workspace, runs):
        of_run = checkpoints[pair.run.remote_id]
        safe = [one for one in of_run if one.sync_status != "SYNCING"]
        newest = next((one for one in safe if one.target == "trainer"), None)
        lines.append(RunOfSession(pair, newest, len(safe), len(of_run) - len(safe)))
    return lines
