"""Guesses which run went on from another, where nothing says so, and says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.runs.models import Run

MAX_RUNS, MAX_CHECKPOINTS = 200, 2000
WHY = (
    "same session and base model: the newest trainer checkpoint before it began. "
    "It may as well have started from the base model"
)


def infer_starts(
    workspace: Workspace, runs: Sequence[Run]
) -> Iterator[tuple[str, CheckpointURI, str]]:
    """(run id, what it may have started from, why) of every run in the sessions of these."""
    sessions = {run.session_remote_id for run in runs if run.session_remote_id}
    siblings = defaultdict[tuple[str, str], list[tuple[datetime, str]]](list)
    in_sessions = Run.objects.in_workspace(workspace).filter(session_remote_id__in=sessions)
    fields = ("session_remote_id", "base_model", "created_at", "remote_id")
    for session, model, at, run_id in in_sessions.order_by("-pk").values_list(*fields)[:MAX_RUNS]:
        if at and model:
            siblings[session, model].append((at, run_id))
    groups = [sorted(group) for group in siblings.values() if len(group) > 1]
    saved = load_trainer_checkpoints(workspace, [one for group in groups for _, one in group])
    for group in groups:
        for at, run_id in group:
            before = [
                (saved_at, earlier, name)
                for _, earlier in group
                if earlier != run_id
                for saved_at, name in saved.get(earlier, [])
                if saved_at < at
            ]
            if before:
                _, earlier, name = max(before)
                try:
                    yield run_id, CheckpointURI(earlier, "trainer", name), WHY
                except ValueError:
                    continue


def load_trainer_checkpoints(
    workspace: Workspace, run_ids: Sequence[str]
) -> dict[str, list[tuple[datetime, str]]]:
    found = defaultdict[str, list[tuple[datetime, str]]](list)
    rows = Checkpoint.objects.in_workspace(workspace).filter(
        run_remote_id__in=run_ids, target="trainer"
    )
    fields = ("run_remote_id", "created_at", "name")
    for run_id, at, name in rows.order_by("-pk").values_list(*fields)[:MAX_CHECKPOINTS]:
        if at:
            found[run_id].append((at, name))
    return found
