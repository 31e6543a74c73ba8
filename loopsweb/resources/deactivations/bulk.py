"""Ending several things at once: one preview, one reason, and each goes its own way."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loopsweb.accounts.models import Workspace
from loopsweb.audit.committing import committed
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import Acting
from loopsweb.resources.creating import AlreadySubmitted
from loopsweb.resources.deactivations import actions, endings
from loopsweb.resources.deactivations.demands import Demands, demands, plan
from loopsweb.resources.deactivations.models import (
    NOT_SENT,
    OPEN,
    Batch,
    Deactivation,
    State,
)
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.preflight import Preflight, preflights
from loopsweb.resources.deactivations.targets import Kind, ends_with
from loopsweb.resources.keeping import bump
from loopsweb.resources.submissions import Submission


@dataclass(frozen=True)
class Line:
    """One that was selected. left_out: why it is not asked for, "" where it is."""

    remote_id: str
    shown: Preflight | None = None
    asked: Demands | None = None
    left_out: str = ""


@dataclass(frozen=True)
class Preview:
    lines: list[Line]

    @property
    def asked_for(self) -> list[Line]:
        return [line for line in self.lines if not line.left_out]

    @property
    def shown(self) -> list[Preflight]:
        return [line.shown for line in self.asked_for if line.shown]

    @property
    def gpus(self) -> int | None:
        """Freed by all of them, None where that of any is unknown."""
        held = [one.gpus for one in self.shown]
        return None if None in held else sum(gpus or 0 for gpus in held)

    @property
    def cost_per_hour(self) -> Decimal | None:
        costs = [one.cost_per_hour for one in self.shown]
        return None if None in costs else sum((cost or Decimal(0) for cost in costs), Decimal(0))

    @property
    def waiting(self) -> list[Line]:
        return [line for line in self.asked_for if line.asked and line.asked.approval]

    @property
    def syncing(self) -> int:
        return sum(len(one.syncing) for one in self.shown)

    @property
    def unsaved(self) -> int:
        return sum(len(one.unsaved) for one in self.shown)

    @property
    def foreseen(self) -> dict[str, dict[str, list[str]]]:
        return {one.target.remote_id: one.foreseen for one in self.shown}

    def is_beyond(self, foreseen: dict[str, dict[str, list[str]]]) -> bool:
        """Whether more ends, or would be lost, than was foreseen."""
        return any(
            one.target.remote_id not in foreseen or one.beyond(foreseen[one.target.remote_id])
            for one in self.shown
        )


def preview(
    workspace: Workspace, kind: Kind, ids: Sequence[str], *, policy: Policy, own: frozenset[str]
) -> Preview:
    """Of the things selected, in their order, each once, in a fixed number of queries."""
    found = {row.remote_id: row for row in kind.find_all(workspace, ids)}
    known = [found[each] for each in dict.fromkeys(ids) if each in found]
    shown = {one.target.remote_id: one for one in preflights(workspace, known)}
    open_ones = Deactivation.objects.filter(
        workspace=workspace, noun=kind.noun, target_remote_id__in=found, state__in=OPEN
    )
    asked_before = set(open_ones.values_list("target_remote_id", flat=True))
    lines = []
    for each in dict.fromkeys(ids):
        row = found.get(each)
        if row is None:
            lines.append(Line(each, left_out="It is not known here."))
            continue
        asked = demands(shown[each], policy=policy, own=own)
        left_out = asked.refused or ends_with(row)
        if row.is_terminal:
            left_out = f"It is {row.status} already."
        elif each in asked_before:
            left_out = actions.ALREADY
        lines.append(Line(each, shown[each], asked, left_out))
    return Preview(lines)


def was_sent(workspace: Workspace, once: str) -> bool:
    try:
        form = uuid.UUID(once)
    except ValueError:
        return False
    return Submission.objects.filter(workspace=workspace, once=form).exists()


@committed()
def ask(
    seen: Preview,
    *,
    kind: Kind,
    acting: Acting,
    by: Actor,
    reason: str,
    once: uuid.UUID,
    policy: Policy,
    now: datetime,
) -> Batch:
    """Commit all that is asked for, or nothing; the worker sends what need not wait.

    Raises AlreadySubmitted when this form was sent before.
    """
    workspace = acting.key.workspace
    _, is_new = Submission.objects.get_or_create(
        workspace=workspace, once=once, defaults={"at": now}
    )
    if not is_new:
        raise AlreadySubmitted
    bump(workspace)  # before the chain, as everywhere: two writers never wait for each other
    batch = Batch.objects.create(
        workspace=workspace, noun=kind.noun, person=by["person"], reason=reason, requested_at=now
    )
    for line in seen.lines:
        left_out = line.left_out
        if line.shown and line.asked and not left_out:
            left_out = add(line.shown, line.asked, batch=batch, acting=acting, by=by, policy=policy)
        elif line.shown and line.asked and line.asked.refused:
            said = {"error": line.asked.refused, "batch": str(batch.uid)}
            actions.refused(line.shown.target, by=by, reason=reason, answer=said, now=now)
        if left_out:
            batch.left_out.append({"id": line.remote_id, "why": left_out})
    batch.save(update_fields=["left_out"])
    return batch


def add(
    shown: Preflight,
    asked: Demands,
    *,
    batch: Batch,
    acting: Acting,
    by: Actor,
    policy: Policy,
) -> str:
    """Ask for one of them; why it was left out after all, "" where it was not."""
    now = batch.requested_at
    how = plan(shown, asked, policy=policy, now=now, batch=batch)
    try:
        actions.request(
            target=shown.target, acting=acting, by=by, reason=batch.reason, now=now, plan=how
        )
    except actions.AlreadyRequested as already:
        return str(already)
    return ""


def stop(batch: Batch, *, by: Actor, now: datetime) -> int:
    """Take back every one that was not sent yet; how many."""
    stopped = {"error": "The rest of the batch was stopped."}
    unsent = batch.rows.filter(state__in=NOT_SENT).select_related("workspace")
    return sum(endings.move(row, State.WITHDRAWN, answer=stopped, by=by, now=now) for row in unsent)
