"""Several deactivations at once: what the selection would end, and requesting it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loopsweb.accounts.models import Workspace
from loopsweb.audit.durable import durable_transaction
from loopsweb.audit.record import Actor
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.actions import (
    ALREADY_REQUESTED,
    AlreadyRequested,
    add_request,
    record_refusal,
    record_request,
)
from loopsweb.resources.deactivations.impact import Impact, assess_impacts
from loopsweb.resources.deactivations.models import Batch, Deactivation, Policy
from loopsweb.resources.deactivations.preflight import find_age
from loopsweb.resources.deactivations.requirements import (
    Requirements,
    find_requirements,
    schedule_request,
)
from loopsweb.resources.deactivations.states import NOT_SENT, OPEN, State
from loopsweb.resources.deactivations.targets import Kind, explain_shared_end
from loopsweb.resources.deployments.run_pairing import TRAINER_ONLY
from loopsweb.resources.pages.idempotency import Submission, claim_submission
from loopsweb.resources.snapshot.store import lock_workspace, touch_version


@dataclass(frozen=True, kw_only=True)
class Item:
    """One selected resource. left_out: why it is not requested, "" where it is."""

    impact: Impact
    requirements: Requirements
    left_out: str = ""

    @property
    def remote_id(self) -> str:
        return self.impact.target.remote_id


@dataclass(frozen=True)
class SelectedRow:
    """A selected id; item: None where the id is not known here."""

    remote_id: str
    item: Item | None = None

    @property
    def left_out(self) -> str:
        return self.item.left_out if self.item else "It is not known in this workspace."


@dataclass(frozen=True)
class Selection:
    lines: list[SelectedRow]

    @property
    def requested(self) -> list[Item]:
        return [line.item for line in self.lines if line.item and not line.left_out]

    @property
    def impacts(self) -> list[Impact]:
        return [item.impact for item in self.requested]

    @property
    def gpus(self) -> int | None:
        """Freed by all of them, None where that of any is unknown."""
        held = [impact.figures.gpus_held for impact in self.impacts]
        return None if None in held else sum(gpus or 0 for gpus in held)

    @property
    def cost_per_hour(self) -> Decimal | None:
        """USD saved by all of them, None where that of any is unknown."""
        costs = [impact.figures.cost_per_hour for impact in self.impacts]
        return None if None in costs else sum((cost or Decimal(0) for cost in costs), Decimal(0))

    @property
    def trainer_only_count(self) -> int:
        """Of how many the sampler's GPUs or cost are unknown, so that they are in no sum."""
        return sum(
            TRAINER_ONLY in (each.figures.gpus_of, each.figures.cost_of) for each in self.impacts
        )

    @property
    def waiting(self) -> list[Item]:
        """Those that need a second person."""
        return [item for item in self.requested if item.requirements.approval]

    @property
    def sendable(self) -> int:
        """The number that need no second person."""
        return len(self.requested) - len(self.waiting)

    @property
    def syncing_count(self) -> int:
        """Checkpoints, each once, also where several deployments may execute the same run."""
        return len({each.pk for impact in self.impacts for each in impact.syncing})

    @property
    def unsaved_count(self) -> int:
        return len({run.pk for impact in self.impacts for run in impact.unsaved})

    @property
    def foreseen(self) -> dict[str, dict[str, list[str]]]:
        return {impact.target.remote_id: impact.foreseen for impact in self.impacts}

    def has_additions(self, foreseen: dict[str, dict[str, list[str]]]) -> bool:
        """True if more ends, or would be lost, than was foreseen."""
        return any(
            impact.target.remote_id not in foreseen
            or impact.find_additions(foreseen[impact.target.remote_id])
            for impact in self.impacts
        )


def preview_selection(
    workspace: Workspace,
    kind: Kind,
    ids: Sequence[str],
    *,
    policy: Policy,
    own_emails: frozenset[str],
) -> Selection:
    """The resources of `ids`, in their order, each once, in a fixed number of queries."""
    rows = {row.remote_id: row for row in kind.find_all(workspace, ids)}
    unique_ids = list(dict.fromkeys(ids))
    impacts = assess_impacts(workspace, [rows[each] for each in unique_ids if each in rows])
    open_requests = Deactivation.objects.filter(
        workspace=workspace, noun=kind.noun, target_remote_id__in=rows, state__in=OPEN
    )
    open_ids = set(open_requests.values_list("target_remote_id", flat=True))
    items = {}
    for impact in impacts:
        row = impact.target
        requirements = find_requirements(impact, policy=policy, own_emails=own_emails)
        left_out = requirements.refusal or explain_shared_end(row)
        if row.is_terminal:
            left_out = f"It is already {row.status}."
        elif row.remote_id in open_ids:
            left_out = ALREADY_REQUESTED
        items[row.remote_id] = Item(impact=impact, requirements=requirements, left_out=left_out)
    return Selection([SelectedRow(each, items.get(each)) for each in unique_ids])


@durable_transaction()
def request_batch(
    selection: Selection,
    *,
    kind: Kind,
    key: Key,
    by: Actor,
    reason: str,
    once: uuid.UUID,
    policy: Policy,
    now: datetime,
) -> Batch:
    """Commit every request of the selection, or none.

    Raises AlreadySubmitted when the form `once` was submitted before, NotRecorded.
    """
    workspace = key.workspace
    lock_workspace(workspace)
    claim_submission(workspace, once, now=now)
    batch = Batch.objects.create(
        workspace=workspace, noun=kind.noun, person=by["person"], reason=reason, requested_at=now
    )
    requested = sorted(selection.requested, key=lambda item: item.remote_id)
    as_of = find_age(requested[0].impact.target) if requested else None
    added = {
        item.remote_id: add_batch_item(item, batch=batch, by=by, policy=policy, as_of=as_of)
        for item in requested
    }
    touch_version(workspace)
    for line in selection.lines:
        if why := record_batch_line(line, added.get(line.remote_id), batch=batch, key=key, by=by):
            batch.left_out.append({"id": line.remote_id, "why": why})
    batch.save(update_fields=["left_out"])
    return batch


def add_batch_item(
    item: Item, *, batch: Batch, by: Actor, policy: Policy, as_of: datetime | None
) -> Deactivation | AlreadyRequested:
    now = batch.requested_at
    schedule = schedule_request(
        item.impact, item.requirements, policy=policy, as_of=as_of, now=now, batch=batch
    )
    try:
        return add_request(
            target=item.impact.target, by=by, reason=batch.reason, schedule=schedule, now=now
        )
    except AlreadyRequested as already:
        return already


def record_batch_line(
    line: SelectedRow,
    added: Deactivation | AlreadyRequested | None,
    *,
    batch: Batch,
    key: Key,
    by: Actor,
) -> str:
    """Record the request or our refusal; why it is left out, "" where it is not."""
    if line.item is None:
        return line.left_out
    target = line.item.impact.target
    if isinstance(added, Deactivation):
        record_request(added, target=target, key=key, by=by)
        return ""
    answer, why = {"batch": str(batch.uid)}, line.left_out
    if added is not None:
        answer, why = answer | added.answer, str(added)
    elif line.item.requirements.refusal:
        answer["error"] = why
    if "error" in answer:
        record_refusal(target, by=by, reason=batch.reason, answer=answer, now=batch.requested_at)
    return why


def is_submitted(workspace: Workspace, once: str) -> bool:
    """True if the form with this idempotency key was submitted before."""
    try:
        form_id = uuid.UUID(once)
    except ValueError:
        return False
    return Submission.objects.filter(workspace=workspace, once=form_id).exists()


def withdraw_batch(batch: Batch, *, by: Actor, now: datetime) -> int:
    """Withdraw every request that was not sent yet. Returns their number."""
    answer = {"error": "Withdrawn with the rest of the batch."}
    unsent = batch.rows.filter(state__in=NOT_SENT).select_related("workspace")
    return sum(row.move_to(State.WITHDRAWN, answer=answer, by=by, now=now) for row in unsent)
