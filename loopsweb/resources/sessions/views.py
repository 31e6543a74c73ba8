"""The session pages: what belongs together, and what still runs after a script died."""

from __future__ import annotations

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
from loopsweb.resources.checkpoints.models import (
    NONE_KNOWN,
    RunCheckpoints,
    summarize_runs,
)
from loopsweb.resources.deployments.run_pairing import PairedRun, pair_runs
from loopsweb.resources.lists.queries import register_list
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.filters import STILL_LISTED, UNREPORTED
from loopsweb.resources.pages.list_page import csv_columns, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.sessions.models import Origin, Session
from loopsweb.resources.snapshot.models import NONE, Tally, count_status, tally
from loopsweb.ui.filters import Filter, ListSpec

SPEC = ListSpec(
    searched="ID",
    apart=UNREPORTED,
    most_counted=None,
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
register_list("sessions", SPEC)
COLUMNS = csv_columns(
    "session.origin runs active_runs active_runs_not_in_the_last_answer runs_without_a_status "
    "standalone_samplers standalone_samplers_not_in_the_last_answer newest_run_at "
    "session.first_seen_at session.missing_since",
    session_id="session.remote_id",
)
MAX_ROWS = 100


@dataclass(frozen=True)
class SessionLine:
    """newest_run_at: when its newest run was created."""

    session: Session
    runs: int = 0
    active: Tally = NONE
    samplers: Tally = NONE
    newest_run_at: datetime | None = None

    @property
    def active_runs(self) -> int | None:
        return self.active.known

    @property
    def active_runs_not_in_the_last_answer(self) -> int:
        return self.active.unreported

    @property
    def runs_without_a_status(self) -> int:
        return self.active.without_status

    @property
    def standalone_samplers(self) -> int:
        return self.samplers.reported

    @property
    def standalone_samplers_not_in_the_last_answer(self) -> int:
        return self.samplers.unreported


@dataclass(frozen=True)
class SessionRun:
    pair: PairedRun
    checkpoints: RunCheckpoints

    @property
    def is_reported(self) -> bool:
        """False if the last answer did not tell whether it runs."""
        rows = (self.pair.run, self.pair.deployment)
        return all(row.is_reported for row in rows if row)

    @property
    def may_run(self) -> bool:
        """True unless the API reported its end."""
        if self.pair.deployment:
            return self.pair.is_current and not self.pair.deployment.is_terminal
        return self.pair.run.status != "INACTIVE"


@require(Permission.VIEW)
def list_sessions(request: WorkspaceRequest) -> HttpResponseBase:
    return render_list_page(
        request,
        Session,
        SPEC,
        columns=COLUMNS,
        lines=partial(count_members, request.workspace),
        shows=("samplers",),
    )


def count_members(workspace: Workspace, sessions: list[Session]) -> list[SessionLine]:
    """Each session with its runs and samplers, in two queries."""
    in_sessions = {
        "workspace": workspace,
        "session_remote_id__in": [row.remote_id for row in sessions],
    }
    runs = Run.objects.filter(**in_sessions)
    counted = runs.values_list("session_remote_id").annotate(
        Count("pk"), Max("created_at"), **count_status("status", "ACTIVE")
    )
    counts = {session_id: rest for session_id, *rest in counted}
    standalone = Sampler.objects.filter(run_remote_id="", **in_sessions)
    samplers = standalone.exclude(status__in=SAMPLER.terminal).tally_by("session_remote_id")
    lines = []
    for row in sessions:
        one = row.remote_id
        number, newest, *active_runs = counts.get(one, (0, None, 0, 0, 0))
        lines.append(SessionLine(row, number, Tally(*active_runs), samplers.get(one, NONE), newest))
    return lines


@require(Permission.VIEW)
def show_session(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(session: Session) -> dict[str, Any]:
        in_session = {"workspace": request.workspace, "session_remote_id": session.remote_id}
        runs = list(Run.objects.filter(**in_session).newest_first()[:MAX_ROWS])
        samplers = Sampler.objects.filter(**in_session).newest_first()[:MAX_ROWS]
        lines = attach_checkpoints(request, runs)
        may_run = [line for line in lines if line.may_run]
        running = tally(may_run)
        return {"lines": lines, "running": running, "samplers": samplers}

    return render_detail_page(request, Session, remote_id, context, shows=NOUNS)


def attach_checkpoints(request: WorkspaceRequest, runs: Sequence[Run]) -> list[SessionRun]:
    known = summarize_runs(request.workspace, [run.remote_id for run in runs])
    return [
        SessionRun(pair, known.get(pair.run.remote_id, NONE_KNOWN))
        for pair in pair_runs(request.workspace, runs)
    ]
