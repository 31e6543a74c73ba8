"""Several selected resources: what ends with them, and which of them can be requested."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.actions import ALREADY_REQUESTED
from loopsweb.resources.deactivations.impact import Impact, assess_impacts
from loopsweb.resources.deactivations.impact_warnings import ImpactWarning, list_warnings
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.requirements import Requirements, find_requirements
from loopsweb.resources.deactivations.targets import Kind, explain_shared_end
from loopsweb.resources.deployments.run_pairing import TRAINER_ONLY

MARK_LENGTH, LONGEST_MARKS = 6, 3000  # characters; longer ones fit no URL


@dataclass(frozen=True, kw_only=True)
class Item:
    """One selected resource. left_out: why it is not requested, "" where it is. other: the open
    request to end what ends with it."""

    impact: Impact
    requirements: Requirements
    left_out: str = ""
    other: Deactivation | None = None

    @property
    def remote_id(self) -> str:
        return self.impact.target.remote_id

    @property
    def warnings(self) -> list[ImpactWarning]:
        return list_warnings(self.impact, self.other)


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
    def left_out_count(self) -> int:
        return len(self.lines) - len(self.requested)

    @property
    def ended_count(self) -> int:
        """Of how many the latest run has ended, so that no training stops."""
        return sum(bool(impact.ended_runs) for impact in self.impacts)

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
        return len(self.syncing)

    @property
    def unsaved_count(self) -> int:
        return len({run.pk for impact in self.impacts for run in impact.unsaved})

    @property
    def unsaved_work_count(self) -> int:
        """Of how many GPUs are known to have worked after the newest trainer checkpoint."""
        return sum(bool(impact.unsaved_work.seconds) for impact in self.impacts)

    @property
    def syncing(self) -> list[Checkpoint]:
        """Each once."""
        return list({each.pk: each for one in self.impacts for each in one.syncing}.values())

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

    def list_items(self) -> Iterator[tuple[str, str, str]]:
        """(id, what, id of that) of all that ends or would be lost."""
        for remote_id, names in self.foreseen.items():
            yield remote_id, "target", remote_id
            yield from ((remote_id, name, one) for name, ids in names.items() for one in ids)

    @property
    def marks(self) -> str:
        """A short mark of each of these, for a URL; "" where that would be too long."""
        marks = "".join(mark(*item) for item in self.list_items())
        return marks if len(marks) <= LONGEST_MARKS else ""

    def find_changes(self, marks: str) -> dict[str, list[str]]:
        """{id: what ends or would be lost with it and is not in `marks`}; nothing without any."""
        if not marks:
            return {}
        seen = {marks[at : at + MARK_LENGTH] for at in range(0, len(marks), MARK_LENGTH)}
        changes: dict[str, list[str]] = {}
        for remote_id, name, one in self.list_items():
            if mark(remote_id, name, one) not in seen:
                changes.setdefault(remote_id, []).append(name)
        return changes


def mark(*item: str) -> str:
    return hashlib.sha256("\n".join(item).encode()).hexdigest()[:MARK_LENGTH]


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
    tied = [row for impact in impacts for row in impact.surely_tied]
    requests = Deactivation.objects.list_open(*rows.values(), *tied)
    items = {}
    for impact in impacts:
        row = impact.target
        requirements = find_requirements(impact, policy=policy, own_emails=own_emails)
        left_out = requirements.refusal or explain_shared_end(row)
        if row.is_terminal:
            left_out = f"It is already {row.status}."
        elif requests.find(row):
            left_out = ALREADY_REQUESTED
        items[row.remote_id] = Item(
            impact=impact,
            requirements=requirements,
            left_out=left_out,
            other=requests.find(*impact.surely_tied),
        )
    return Selection([SelectedRow(each, items.get(each)) for each in unique_ids])
