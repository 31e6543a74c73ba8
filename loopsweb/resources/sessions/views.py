"""The session pages: what belongs together, and what still runs after a script died."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Count, Max, Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deployments.run_pairing import PairedRun, pair_runs
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.filters import STILL_LISTED
from loopsweb.resources.pages.list_page import csv_columns, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.sessions.models import Origin, Session
from loopsweb.ui.filters import Filter, ListSpec

SPEC = ListSpec(
    filters=(
        Filter(
            "origin",
            "Source",
            conditions={value: (label, Q(origin=value)) for value, label in Origin.choices},
        ),
        STILL_LISTED,
    ),
    sorts={"id": "remote_id", "seen": "first_seen_at"},
    default_sort="-seen",
    descending=frozenset({"seen"}),
)
COLUMNS = csv_columns(
    "session.origin runs active_runs standalone_samplers newest_run_at session.first_seen_at "
    "session.missing_since",
    session_id="session.remote_id",
)
MAX_ROWS = 100
NO_RUNS: list[Any] = [0, 0, None]


@dataclass(frozen=True)
class SessionLine:
    """newest_run_at: when its newest run was created."""

    session: Session
    standalone_samplers: int
    runs: int
    active_runs: int
    newest_run_at: datetime | None


@dataclass(frozen=True)
class SessionRun:
    """newest: its newest saved trainer checkpoint. syncing: how many are not saved yet."""

    pair: PairedRun
    newest: Checkpoint | None
    saved: int
    syncing: int

    @property
    def may_run(self) -> bool:
        """True unless the API reported its end."""
        if self.pair.deployment:
            return self.pair.is_current and not self.pair.deployment.is_terminal
        return self.pair.run.status != "INACTIVE"


@require(Permission.VIEW)
def list_sessions(request: WorkspaceRequest) -> HttpResponseBase:
    rows = Session.objects.in_workspace(request.workspace)
    lines = partial(count_members, request.workspace)
    return render_list_page(request, rows, SPEC, columns=COLUMNS, lines=lines, shows=("samplers",))


def count_members(workspace: Workspace, sessions: list[Session]) -> list[SessionLine]:
    """Each session with its runs and samplers, in two queries."""
    in_sessions = {
        "workspace": workspace,
        "session_remote_id__in": [row.remote_id for row in sessions],
    }
    active = Count("pk", filter=Q(status="ACTIVE"))
    runs = Run.objects.filter(**in_sessions).values_list("session_remote_id")
    counted = runs.annotate(all=Count("pk"), active=active, newest=Max("created_at"))
    counts: dict[str, list[Any]] = {session_id: rest for session_id, *rest in counted}
    standalone = Sampler.objects.filter(run_remote_id="", **in_sessions)
    samplers = dict(standalone.values_list("session_remote_id").annotate(Count("pk")))
    return [
        SessionLine(row, samplers.get(row.remote_id, 0), *counts.get(row.remote_id, NO_RUNS))
        for row in sessions
    ]


@require(Permission.VIEW)
def show_session(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(session: Session) -> dict[str, Any]:
        in_session = {"workspace": request.workspace, "session_remote_id": session.remote_id}
        runs = list(Run.objects.filter(**in_session).order_by("-created_at", "-pk")[:MAX_ROWS])
        samplers = Sampler.objects.filter(**in_session).order_by("-created_at", "-pk")[:MAX_ROWS]
        lines = attach_checkpoints(request, runs)
        running = [line for line in lines if line.may_run]
        return {"lines": lines, "running": running, "samplers": samplers}

    return render_detail_page(request, Session, remote_id, context, shows=NOUNS)


def attach_checkpoints(request: WorkspaceRequest, runs: Sequence[Run]) -> list[SessionRun]:
    checkpoints = defaultdict(list)
    rows = Checkpoint.objects.in_workspace(request.workspace)
    rows = rows.filter(run_remote_id__in=[run.remote_id for run in runs])
    for checkpoint in rows.order_by("-created_at", "-pk"):
        checkpoints[checkpoint.run_remote_id].append(checkpoint)
    lines = []
    for pair in pair_runs(request.workspace, runs):
        of_run = checkpoints[pair.run.remote_id]
        complete = [one for one in of_run if one.sync_status != "SYNCING"]
        newest = next((one for one in complete if one.target == "trainer"), None)
        lines.append(SessionRun(pair, newest, len(complete), len(of_run) - len(complete)))
    return lines
