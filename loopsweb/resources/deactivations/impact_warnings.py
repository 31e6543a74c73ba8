"""The warnings before something is ended: its form shows them, and its record keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.impact import Impact
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.figures.activity import is_active, is_use_unknown, name_sign
from loopsweb.resources.runs.models import Run
from loopsweb.ui.templatetags.ui import span

MAX_NAMED = 20
BAD, WARN = "bad", "warn"


@dataclass(frozen=True, kw_only=True)
class ImpactWarning:
    """It names no person. about: what it concerns, each with its noun, id and name, `MAX_NAMED` at
    most; more: how many it concerns besides."""

    name: str
    tone: str
    title: str
    text: str
    about: list[dict[str, Any]] = field(default_factory=list)
    more: int = 0


def list_warnings(impact: Impact, other: Deactivation | None = None) -> list[ImpactWarning]:
    """Of what can be ended. The target knows until when it was observed. other: the open request to
    end what ends with it."""
    return [] if impact.target.is_terminal else list(find_warnings(impact, other))


def find_other_request(impact: Impact) -> Deactivation | None:
    """The open request to end what ends with the target, as far as the API says what does."""
    return Deactivation.objects.find_open(*impact.surely_tied)


def find_warnings(impact: Impact, other: Deactivation | None) -> Iterator[ImpactWarning]:
    target = impact.target
    if other:
        name = f"{other.noun} {other.target_remote_id}"
        about = {"noun": "deactivation", "id": str(other.incident), "name": name}
        yield ImpactWarning(
            name="requested",
            tone=WARN,
            title="The deactivation of what ends with it is requested already",
            text=f"That request is {other.spec.label_within_sentence}.",
            about=[about],
        )
    if not target.is_reported:
        yield ImpactWarning(
            name="unlisted",
            tone=WARN,
            title="Not in the last answer",
            text="It may have ended already, or be out of reach of the keys here. What is shown is "
            "from an earlier answer.",
        )
    if is_active(target):
        sign = name_sign(target.last_work_sign)
        by = "By its newest metrics" if target.is_working else "Its last sign of work"
        yield ImpactWarning(name="active", tone=WARN, title="It is not idle", text=f"{by}: {sign}.")
    if is_use_unknown(target):
        yield ImpactWarning(
            name="use_unknown",
            tone=WARN,
            title="It may be in use",
            text="The API reports no requests of standalone samplers. Ask its owner first.",
        )
    yield from find_losses(impact)


def find_losses(impact: Impact) -> Iterator[ImpactWarning]:
    if syncing := impact.syncing:
        many, them = ("", "it") if len(syncing) == 1 else ("s", "them")
        are = "it is" if len(syncing) == 1 else "they are"
        yield ImpactWarning(
            name="syncing",
            tone=BAD,
            title=f"{len(syncing)} checkpoint{many} still SYNCING may be lost",
            text=f"Wait until {are} COMPLETE if you need {them}.",
            about=[name_checkpoint(each) for each in syncing[:MAX_NAMED]],
            more=max(0, len(syncing) - MAX_NAMED),
        )
    if unsaved := impact.unsaved:
        yield ImpactWarning(
            name="unsaved",
            tone=BAD,
            title="No trainer checkpoint is known, so all progress would be lost",
            text="",
            about=name_runs(unsaved),
            more=max(0, len(unsaved) - MAX_NAMED),
        )
    if untrained := impact.untrained:
        yield ImpactWarning(
            name="untrained",
            tone="",
            title="Nothing was trained yet, as far as is known",
            text="Its deployment is still starting and was not seen to run.",
            about=name_runs(untrained),
            more=max(0, len(untrained) - MAX_NAMED),
        )
    work = impact.unsaved_work
    if work.seconds:
        until = "still busy" if work.goes_on else "busy until"
        time = span(timedelta(seconds=work.seconds))
        yield ImpactWarning(
            name="unsaved_work",
            tone=WARN,
            title=f"GPUs were {until} {time} after the newest trainer checkpoint was saved",
            text="What was learnt in that time is in no saved checkpoint.",
        )


def name_runs(runs: Sequence[Run]) -> list[dict[str, Any]]:
    return [{"noun": "run", "id": run.remote_id, "name": run.remote_id} for run in runs[:MAX_NAMED]]


def name_checkpoint(one: Checkpoint) -> dict[str, Any]:
    name = f"{one.name or one.remote_id} ({one.target or 'target unknown'})"
    return {"noun": "checkpoint", "id": one.remote_id, "name": name}
