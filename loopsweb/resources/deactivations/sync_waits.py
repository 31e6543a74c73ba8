"""Requests that are not sent before checkpoints have synced: what they wait for, and what of it
has happened."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import system_actor
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.cancellation import DAMAGES, cancel_request
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.preflight import Facts, freeze_impact, observe_target
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deactivations.targets import KINDS

log = logging.getLogger(__name__)

SYNCED, NOT_YET = "COMPLETE", ("SYNCING", "")
GONE = "This workspace no longer has it."


@dataclass(frozen=True)
class Wait:
    """pending: the checkpoints not known to have synced. problem: why some of them never will, as
    far as is known; "" otherwise."""

    pending: list[str]
    problem: str = ""


def describe_awaited(checkpoint: Checkpoint) -> Facts:
    return {"id": checkpoint.remote_id, "name": checkpoint.name, "target": checkpoint.target}


def name_awaited(awaited: Facts) -> str:
    target = f" ({awaited['target']})" if awaited["target"] else ""
    return f"{awaited['name'] or awaited['id']}{target}"


def assess_waits(requests: Sequence[Deactivation]) -> list[Wait]:
    """One for each, in one query. An unknown sync status never counts as synced."""
    ids = {each["id"] for request in requests for each in request.awaited}
    rows = Checkpoint.objects.filter(remote_id__in=ids).defer("raw") if ids else ()
    known = {(row.workspace_id, row.remote_id): row for row in rows}
    return [assess_wait(request, known) for request in requests]


def assess_wait(request: Deactivation, known: dict[tuple[int, str], Checkpoint]) -> Wait:
    pending = []
    for awaited in request.awaited:
        name = name_awaited(awaited)
        row = known.get((request.workspace_id, awaited["id"]))
        if row is None or row.missing_since:
            return Wait([name], f"The API no longer lists checkpoint {name}. It may be lost.")
        if row.sync_status not in (SYNCED, *NOT_YET):
            return Wait([name], f"Checkpoint {name} is {row.sync_status}.")
        if row.sync_status != SYNCED or not row.is_reported:
            pending.append(name)
    return Wait(pending)


def settle_waits(*, now: datetime) -> None:
    """Let go on what has synced, and cancel what never will. Nothing while the site is read-only.

    A request whose trail is damaged holds up no other.
    """
    if settings.LOOPSWEB_READ_ONLY:
        return
    waiting = Deactivation.objects.filter(state=State.SYNCING).select_related("workspace__team")
    requests = list(waiting)
    for request, wait in zip(requests, assess_waits(requests), strict=True):
        try:
            if wait.problem:
                cancel_request(request, State.WITHDRAWN, why=wait.problem, now=now)
            elif not wait.pending:
                release(request, now=now)
        except DAMAGES as error:
            log.critical("%s could not go on: %s", request, error)


def release(request: Deactivation, *, now: datetime) -> None:
    """It is due now, or once the time to undo has passed. The audit event has what held then.

    Does nothing if somebody moved it meanwhile.
    """
    target = KINDS[request.noun].find(request.workspace, request.target_remote_id)
    if target is None:
        cancel_request(request, State.WITHDRAWN, why=GONE, now=now)
        return
    target.workspace = request.workspace
    facts = freeze_impact(assess_impact(target), as_of=observe_target(target, now=now))
    due_at = max(now, request.due_at or now)
    request.move_to(
        State.DUE,
        answer={"sent_from": due_at.isoformat(), "preflight": facts},
        by=system_actor(request.workspace.slug),
        outcome=Outcome.SYNCED,
        expected=State.SYNCING,
        preflight=request.preflight | facts,
        due_at=due_at,
        ask_at=due_at,
        now=now,
    )
