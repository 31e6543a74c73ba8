"""Audit events about a team or a person: one in each workspace concerned, under one incident."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Unpack

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts.models import Team, User, Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, Details, Target, actor_of_request, record_event

PERSON = "person"


def target_fields(noun: str, name: str) -> Target:
    """A person's email goes into `target_owner`, which can be erased: see audit.erasure."""
    if noun == PERSON:
        return {"target_noun": noun, "target_owner": name}
    return {"target_noun": noun, "target_id": name, "target_name": name}


@transaction.atomic
def record_team_event(
    team: Team,
    action: str,
    *,
    target: tuple[str, str],
    by: Actor,
    now: datetime,
    outcome: str = Outcome.SUCCEEDED,
    **details: Unpack[Details],
) -> None:
    """Record an event in each of the team's workspaces. target: its noun and its name; for a
    person, the email.

    Workspaces are written in the order of their slugs, so that two writers never deadlock.
    """
    incident, fields = uuid.uuid4(), target_fields(*target)
    for slug in team.workspaces.order_by("slug").values_list("slug", flat=True):
        actor: Actor = {**by, "workspace": slug}
        record_event(
            **actor, **fields, **details, action=action, outcome=outcome, incident=incident, now=now
        )


@transaction.atomic
def record_person_event(
    person: User,
    action: str,
    *,
    by: Actor,
    now: datetime,
    outcome: str = Outcome.SUCCEEDED,
    by_staff: bool = False,
    **details: Unpack[Details],
) -> None:
    """Record an action of the person in each of their workspaces. by: its address and request.

    by_staff: the member of staff whom `by` names acted on the person instead.
    """
    incident, fields = uuid.uuid4(), target_fields(PERSON, person.email)
    roles = Workspace.objects.filter(team__memberships__user=person).order_by("slug")
    for slug, role in roles.values_list("slug", "team__memberships__role"):
        actor: Actor = {**by, "workspace": slug, "role": "staff"}
        if not by_staff:
            actor |= {"role": role, "person": person.email}
        record_event(
            **actor, **fields, **details, action=action, outcome=outcome, incident=incident, now=now
        )


def record_staff_event(person: User, action: str, request: HttpRequest, **answer: Any) -> None:
    """Record a change that staff make to a person, in the transaction that makes it."""
    by, now = actor_of_request(request), timezone.now()
    record_person_event(person, action, by=by, now=now, answer=answer, by_staff=True)
