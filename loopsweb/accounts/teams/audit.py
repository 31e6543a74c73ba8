"""What concerns a team or a person, told in the audit of every workspace that it touches."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from loopsweb.accounts.models import Team, User, Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record

PERSON = "person"


def about(noun: str, name: str) -> dict[str, str]:
    """The target's fields. What names a person goes where it can be erased: see audit.erasing."""
    if noun == PERSON:
        return {"target_noun": noun, "target_owner": name}
    return {"target_noun": noun, "target_id": name, "target_name": name}


@transaction.atomic
def tell_team(
    team: Team,
    action: str,
    *,
    target: tuple[str, str],
    by: Actor,
    now: datetime,
    outcome: str = Outcome.SUCCEEDED,
    reason: str = "",
    answer: dict[str, Any] | None = None,
) -> None:
    """One incident, an event in each of the team's workspaces. target: its noun and its name, of a
    person their email.

    Workspaces are told in the order of their names, so that two tellers never wait for each other.
    """
    incident = uuid.uuid4()
    noun, name = target
    for slug in team.workspaces.order_by("slug").values_list("slug", flat=True):
        actor: Actor = {**by, "workspace": slug}
        record(
            **actor,
            action=action,
            outcome=outcome,
            **about(noun, name),
            reason=reason,
            answer=answer,
            incident=incident,
            now=now,
        )


@transaction.atomic
def tell_teams_of(
    person: User,
    action: str,
    *,
    by: Actor,
    now: datetime,
    outcome: str = Outcome.SUCCEEDED,
    reason: str = "",
    answer: dict[str, Any] | None = None,
    by_staff: bool = False,
) -> None:
    """One incident about a person, an event in each workspace they may enter.

    They did it themselves, from where `by` says; or staff did, whom `by` names.
    """
    incident = uuid.uuid4()
    roles = Workspace.objects.filter(team__memberships__user=person).order_by("slug")
    for slug, role in roles.values_list("slug", "team__memberships__role"):
        actor: Actor = {**by, "workspace": slug, "role": "staff"}
        if not by_staff:
            actor |= {"role": role, "person": person.email}
        record(
            **actor,
            action=action,
            outcome=outcome,
            **about(PERSON, person.email),
            reason=reason,
            answer=answer,
            incident=incident,
            now=now,
        )
