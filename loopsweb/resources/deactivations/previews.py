"""What several deactivations together would end, and which of them are not to be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deactivations.actions import ALREADY
from loopsweb.resources.deactivations.demands import Demands, demands
from loopsweb.resources.deactivations.models import OPEN, Deactivation
from loopsweb.resources.deactivations.policies import Policy
from loopsweb.resources.deactivations.preflight import Preflight, preflights
from loopsweb.resources.deactivations.targets import Kind, ends_with


@dataclass(frozen=True)
class Known:
    """shown: what ends with it. asked: what the team demands of this person first."""

    shown: Preflight
    asked: Demands

    @property
    def remote_id(self) -> str:
        return self.shown.target.remote_id


@dataclass(frozen=True)
class Line:
    """One that was selected. left_out: why it is not asked for, "" where it is."""

    remote_id: str
    known: Known | None = None
    left_out: str = ""


@dataclass(frozen=True)
class Preview:
    lines: list[Line]

    @property
    def asked_for(self) -> list[Known]:
        return [line.known for line in self.lines if line.known and not line.left_out]

    @property
    def shown(self) -> list[Preflight]:
        return [known.shown for known in self.asked_for]

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
    def waiting(self) -> list[Known]:
        return [known for known in self.asked_for if known.asked.approval]

    @property
    def at_once(self) -> int:
        """How many need nobody else."""
        return len(self.asked_for) - len(self.waiting)

    @property
    def syncing(self) -> int:
        """Each once, also where several deployments may execute the same run."""
        return len({each.pk for one in self.shown for each in one.syncing})

    @property
    def unsaved(self) -> int:
        return len({run.pk for one in self.shown for run in one.unsaved})

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
    rows = [found[each] for each in dict.fromkeys(ids) if each in found]
    shown = {one.target.remote_id: one for one in preflights(workspace, rows)}
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
        known = Known(shown[each], demands(shown[each], policy=policy, own=own))
        left_out = known.asked.refused or ends_with(row)
        if row.is_terminal:
            left_out = f"It is {row.status} already."
        elif each in asked_before:
            left_out = ALREADY
        lines.append(Line(each, known, left_out))
    return Preview(lines)
