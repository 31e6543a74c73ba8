"""The record of one deactivation: the request, what the audit trail has of it, and a summary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils.safestring import SafeString

from loopsweb.audit.models import Event
from loopsweb.audit.timeline import Step, build_steps
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.preflight import Facts
from loopsweb.resources.deactivations.summary import summarize

PROTECTION_VERBS = ("protect", "unprotect")
MAX_MARKS = 4


@dataclass(frozen=True)
class Record:
    """events: of the incident, oldest first. marks: the audit events by which what was ended had
    been protected, and that lifted, before the request; newest first."""

    deactivation: Deactivation
    events: list[Event]
    marks: list[Event]

    @cached_property
    def summary(self) -> SafeString:
        return summarize(self.deactivation, events=self.events)

    @cached_property
    def steps(self) -> list[Step]:
        return build_steps(self.events)

    @cached_property
    def preflights(self) -> list[tuple[Event, Facts]]:
        """As the audit events have them: what the requester saw, and what was seen later, where
        that was something else."""
        found: list[tuple[Event, Facts]] = []
        for event in self.events:
            facts = (event.answer or {}).get("preflight")
            if facts and not (found and is_same(found[-1][1], facts)):
                found.append((event, facts))
        return found


def is_same(before: Facts, after: Facts) -> bool:
    return all(before.get(name) == value for name, value in after.items() if name != "as_of")


def load_record(deactivation: Deactivation) -> Record:
    of_workspace = Event.objects.filter(workspace=deactivation.workspace.slug)
    events = of_workspace.filter(incident=deactivation.incident).order_by("sequence")
    marks = of_workspace.filter(
        target_noun=deactivation.noun,
        target_id=deactivation.target_remote_id,
        action__in=[f"{deactivation.noun}.{verb}" for verb in PROTECTION_VERBS],
        at__lte=deactivation.requested_at,
    )
    return Record(deactivation, list(events), list(marks.order_by("-sequence")[:MAX_MARKS]))
